/** Look-ups under way, each made once for all who ask for the same meanwhile. */
export interface InFlight<T> {
  of(key: string, lookUp: () => Promise<T>): Promise<T>;
  /** Have whoever asks from now on look it up anew. */
  forget(key: string): void;
}

/** Nothing is under way yet. */
export function createInFlight<T>(): InFlight<T> {
  const asked = new Map<string, Promise<T>>();
  return {
    of(key, lookUp) {
      const known = asked.get(key);
      if (known !== undefined) return known;
      const answer = lookUp().finally(() => {
        if (asked.get(key) === answer) asked.delete(key);
      });
      asked.set(key, answer);
      return answer;
    },
    forget: (key) => void asked.delete(key),
  };
}
