import { monotonicFactory } from "ulid";

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

/** Ids ordered by `clock`, and among themselves within one millisecond. */
export function createIds(clock: Clock): Ids {
  const ulid = monotonicFactory();
  return { next: () => ulid(clock.now().getTime()).toLowerCase() };
}
