/** Whether somebody reads pages now: what goes on in the background then lets them pass. */
export interface Readers {
  /** Somebody asked for a page. */
  came(): void;
  /** Somebody did a moment ago, and may go on reading. */
  areThere(): boolean;
}

const momentMs = 2_000;

/** Nobody came yet. `now` is the time, in milliseconds, that passes by itself. */
export function createReaders(now: () => number = () => performance.now()): Readers {
  let last = -Infinity;
  return {
    came: () => void (last = now()),
    areThere: () => now() - last < momentMs,
  };
}
