import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";

/** Look-ups under way, each made once for all who ask for the same meanwhile. */
export interface InFlight<T> {
  /** `keep` is given what was found, unless it was forgotten before it was there. */
  of(key: string, lookUp: () => Promise<T>, keep: (found: T) => void): Promise<T>;
  /** Have whoever asks from now on look it up anew. */
  forget(key: string): void;
}

/** Nothing is under way yet. */
export function createInFlight<T>(): InFlight<T> {
  const asked = new Map<string, Promise<T>>();
  return {
    of(key, lookUp, keep) {
      const known = asked.get(key);
      if (known !== undefined) return known;
      const look = async (): Promise<T> => {
        try {
          const found = await lookUp();
          if (asked.get(key) === answer) keep(found);
          return found;
        } finally {
          if (asked.get(key) === answer) asked.delete(key);
        }
      };
      const answer = Promise.resolve().then(look);
      asked.set(key, answer);
      return answer;
    },
    forget: (key) => void asked.delete(key),
  };
}

/** Looks something up under a key, or shares what was looked up under it for somebody else. */
export type LookUp<T> = (key: string, lookUp: () => Promise<T>) => Promise<T>;

/**
 * One look-up of a kind at a time: who asks meanwhile waits for the next, together with all others who do.
 * So nobody is told what was so before they asked, however many ask, and who asks alone waits for no longer
 * than the rest of this turn.
 */
export function createTogether<T>(): LookUp<T> {
  const under = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<T>>();
  return (key, lookUp) => {
    const waited = next.get(key);
    if (waited !== undefined) return waited;
    const answer = turnAfter(under.get(key)).then(() => {
      next.delete(key);
      const looking = lookUp();
      const ended = Promise.allSettled([looking]).then(() => {
        if (under.get(key) === ended) under.delete(key);
      });
      under.set(key, ended);
      return looking;
    });
    next.set(key, answer);
    return answer;
  };
}

/** The next turn of the event loop after some work, however that ends. */
async function turnAfter(work: Promise<unknown> | undefined): Promise<void> {
  await Promise.allSettled([work, nextTurn()]);
}

/** How many look-ups are remembered at once. */
const mostRecent = 500;

/**
 * Whoever asks shares the last look-up as long as that began at most `keptMs` before, measured by this
 * process alone: what they are told was so then at the earliest. One that fails is shared by nobody later.
 * @param now milliseconds of a clock that never goes back
 */
export function createRecent<T>(
  keptMs: number,
  now: () => number = () => performance.now(),
): LookUp<T> {
  const recent = new LRUCache<string, { readonly begun: number; readonly answer: Promise<T> }>({
    max: mostRecent,
  });
  return (key, lookUp) => {
    const begun = now();
    const known = recent.get(key);
    if (known !== undefined && begun - known.begun <= keptMs) return known.answer;
    const answer = lookUp();
    const made = { begun, answer };
    recent.set(key, made);
    answer.catch(() => {
      if (recent.get(key) === made) recent.delete(key);
    });
    return answer;
  };
}
