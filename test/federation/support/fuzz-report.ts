/** What nobody caught; empty when all is well. */
export const unforeseen: string[] = [];

for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => {
    unforeseen.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (unforeseen.length > 10) process.exit(1);
  });
}

/** Mebibytes of the heap that are in use once all garbage is collected; needs `--expose-gc`. */
export function heapAfterCollection(): number {
  globalThis.gc?.();
  return Math.round((process.memoryUsage().heapUsed / 1_048_576) * 10) / 10;
}

/** Tell the test that started this process how many are done. */
export function tellDone(count: number): void {
  process.stdout.write(`${count}\n`);
}

/** Tell the test that started this process how it went, as one line of JSON. */
export function reportTo(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Run it to its end, and end this process; what it throws goes to standard error. */
export async function reporting(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message, stack, cause } = error as Error;
    const shown = cause instanceof Error ? (cause.stack ?? cause.message) : stack;
    process.stderr.write(`${message.slice(0, 200)}\n${shown ?? ""}\n`);
    process.exit(1);
  }
  process.exit(0);
}
