import { getRandomValues } from "node:crypto";
import { decodeTime, encodeTime, monotonicFactory } from "ulid";

/** Time, as everything in the project asks for it; tests hand in a fixed one. */
export interface Clock {
  now(): Date;
}

/** Ids that sort by the time they were made (ULID: 26 characters, 80 random bits). */
export interface Ids {
  next(): string;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() };

/** The day of a moment in UTC: `2026-03-02`. */
export function utcDayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** Digits of an id that say when it was made. */
const timeDigits = 10;

/** Ids ordered by `clock`, and among themselves within one millisecond. */
export function createIds(clock: Clock): Ids {
  const ulid = monotonicFactory(pooledRandom());
  return { next: () => ulid(clock.now().getTime()).toLowerCase() };
}

/** What every id that was made at `time` or later sorts behind, and no earlier one does; none was made before 1970. */
export function firstIdAt(time: Date): string {
  return encodeTime(Math.max(0, time.getTime()), timeDigits).toLowerCase();
}

/** When an id was made. */
export function timeOfId(id: string): Date {
  return new Date(decodeTime(id.toUpperCase()));
}

/** Cryptographic randomness from 0 to 1, drawn a block at a time: one call a digit costs ten times that. */
function pooledRandom(): () => number {
  const pool = new Uint32Array(512);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      getRandomValues(pool);
      used = 0;
    }
    const drawn = pool[used] ?? 0;
    used += 1;
    return drawn / 2 ** 32;
  };
}
