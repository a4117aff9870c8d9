import type { Media } from "../../drivers/media.js";

/** How one call to the place of uploaded files ended; "missing": there is no such file. */
export type MediaOutcome = "done" | "missing" | "failed";

/** Told how one call ended, and how long it took. */
export type ObserveMedia = (operation: string, outcome: MediaOutcome, ms: number) => void;

/** A place of files whose calls are counted and timed; in all else it is the given one. */
export function countedMedia(media: Media, observe: ObserveMedia): Media {
  async function count<R>(operation: string, call: () => Promise<R>): Promise<R> {
    const began = performance.now();
    let outcome: MediaOutcome = "failed";
    try {
      const result = await call();
      outcome = result === null ? "missing" : "done";
      return result;
    } finally {
      observe(operation, outcome, performance.now() - began);
    }
  }
  return {
    ...media,
    put: (owner, bytes, extension) => count("put", () => media.put(owner, bytes, extension)),
    get: (owner, name) => count("get", () => media.get(owner, name)),
    remove: (owner, name) => count("remove", () => media.remove(owner, name)),
  };
}
