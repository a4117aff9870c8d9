import type { Changes } from "./collection.js";

/** What was written, as far as one process can know without asking MongoDB. */
export interface CountedChanges extends Changes {
  /** To be called once a write was answered or failed, before whoever asked for it hears of that. */
  wrote(collection: string): void;
}

/** How long what others wrote may stay unknown. */
const tickMs = 1_000;

/**
 * Counts this process's writes. Those of others are unknown, and so is when one of ours was written that
 * got no answer in time: each second counts as a change elsewhere.
 *
 * One count at the end of a write is enough. Whoever notes the count, then reads, either noted it
 * after that and reads what was written; or noted it before, and it is another one as soon as anybody
 * here hears that the write is done.
 * @param now milliseconds of a clock that never goes back
 */
export function countChanges(now: () => number): CountedChanges {
  const counts = new Map<string, number>();
  const here = (collection: string): number => counts.get(collection) ?? 0;
  return {
    here,
    elsewhere: () => Math.floor(now() / tickMs),
    wrote: (collection) => void counts.set(collection, here(collection) + 1),
  };
}
