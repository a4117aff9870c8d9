import { mediaName, type Media } from "../drivers/media.js";
import type { Ctx, InstanceMedia } from "../kit/context.js";
import { defineCollection, insertOnce } from "../kit/records.js";

/** A picture that an instance keeps: written down before it is kept, and until it is removed. */
export interface KeptFile {
  /** The instance and the file's name. */
  readonly _id: string;
  readonly name: string;
  readonly bytes: number;
  readonly at: Date;
}

export const keptFilesCollection = defineCollection<KeptFile>("keptFiles", [
  { keys: { name: 1 }, unique: true },
]);

/** The kept files of a `Ctx`: whatever dies in between, none is kept that no row knows of. */
export function keptFilesOf(media: Media, ctxOf: () => Ctx): InstanceMedia {
  return {
    async put(bytes, extension) {
      const ctx = ctxOf();
      const name = mediaName(bytes, extension);
      const row = { _id: `${ctx.instance._id}/${name}`, name, bytes: bytes.byteLength };
      await insertOnce(() =>
        ctx.collection(keptFilesCollection).insertOne({ ...row, at: ctx.clock.now() }),
      );
      return media.put(ctx.instance._id, bytes, extension);
    },
    get: (name) => media.get(ctxOf().instance._id, name),
    async remove(name) {
      const ctx = ctxOf();
      await media.remove(ctx.instance._id, name);
      await ctx.collection(keptFilesCollection).deleteOne({ name });
    },
  };
}
