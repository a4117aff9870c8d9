/** What is done in so many milliseconds need not be tried again. */
const quick = 20;

/**
 * How long `work` keeps a processor busy in milliseconds, at the best of three times: neither what else
 * the machine does nor the first, slow run of new code is its fault.
 */
export function millisecondsOf(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best > quick; tries += 1) {
    const start = process.cpuUsage();
    work();
    best = Math.min(best, millisecondsSince(start));
  }
  return best;
}

/** How long this process has kept processors busy since `start`, in milliseconds. */
export function millisecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
