import type { Backoff } from "./queue.js";

/** How long to wait after failed try number `attempt`; `random` gives 0 to 1 and steers the jitter. */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number): number {
  const grown = backoff.baseMs * backoff.factor ** (attempt - 1);
  const delay = Math.min(backoff.maxMs, grown);
  return Math.round(delay * (1 + backoff.jitter * random()));
}
