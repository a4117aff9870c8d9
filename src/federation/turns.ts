/** Runs pieces of work, some at once and the others in turn. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs at most `limit` pieces of work at once, the others in turn. */
export function createTurns(limit: number): Turns {
  let running = 0;
  const waiting: Array<() => void> = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
