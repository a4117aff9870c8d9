/** What came of a making: what it made, or that it made nothing for others, or nothing in time. */
export type Outcome<T extends object> = T | "not-shared" | "slow";

/** What is being made at this moment, by key, for everybody who asks for it meanwhile. */
export interface Makings<T extends object> {
  /** What comes of the making that is under way, and never an error; null when there is none. */
  underWay(key: string): Promise<Outcome<T>> | null;
  /**
   * Begin one, for which others can wait unless there is another one for which they can.
   * @returns to be called with what was made, or with null when it is not for others; once is enough
   */
  begin(key: string): (made: T | null) => void;
}

/** @param patienceMs after so long nobody waits for a making any more, and another one may begin */
export function createMakings<T extends object>(patienceMs: number): Makings<T> {
  const all = new Map<string, Promise<Outcome<T>>>();
  return {
    underWay: (key) => all.get(key) ?? null,
    begin(key) {
      if (all.has(key)) return () => undefined;
      let end: (outcome: Outcome<T>) => void = () => undefined;
      const making = new Promise<Outcome<T>>((resolve) => {
        const timer = setTimeout(() => end("slow"), patienceMs).unref();
        end = (outcome) => {
          clearTimeout(timer);
          if (all.get(key) === making) all.delete(key);
          resolve(outcome);
        };
      });
      all.set(key, making);
      return (made) => end(made ?? "not-shared");
    },
  };
}
