import type { Media } from "../drivers/media.js";

/** Is given each call to the place of uploaded files to run, and gives back what came of it. */
export type AroundMedia = <R>(operation: string, run: () => Promise<R>) => Promise<R>;

/** A place of files whose calls are watched; in all else it is the given one. */
export function watchedMedia(media: Media, around: AroundMedia): Media {
  return {
    ...media,
    put: (owner, bytes, extension) => around("put", () => media.put(owner, bytes, extension)),
    get: (owner, name) => around("get", () => media.get(owner, name)),
    remove: (owner, name) => around("remove", () => media.remove(owner, name)),
  };
}
