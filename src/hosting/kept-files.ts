import { z } from "zod";
import { mediaFileOf, type Media } from "../drivers/media.js";
import {
  defineCollection,
  defineFeature,
  defineJob,
  giveBack,
  insertOnce,
  recountUsage,
  Refusal,
  takeOf,
  type Ctx,
  type InstanceMedia,
  type ScheduleDef,
} from "../kit/index.js";

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

/**
 * The kept files of a `Ctx`: whatever dies in between, none is kept that no row knows of, and none
 * beyond what the instance may keep. The same picture is counted once. What was removed is given out no
 * more, wherever a copy of it may lie. Refuses with "storage-full".
 */
export function keptFilesOf(media: Media, ctxOf: () => Ctx): InstanceMedia {
  return {
    async put(bytes, extension) {
      const ctx = ctxOf();
      const { name } = mediaFileOf(ctx.instance._id, bytes, extension);
      const row = { _id: `${ctx.instance._id}/${name}`, name, bytes: bytes.byteLength };
      const rows = ctx.collection(keptFilesCollection);
      const isNew = await insertOnce(() => rows.insertOne({ ...row, at: ctx.clock.now() }));
      if (isNew && !(await takeOf(ctx, "storage", { amount: row.bytes }))) {
        await rows.deleteOne({ name });
        throw new Refusal("storage-full");
      }
      return media.put(ctx.instance._id, bytes, extension);
    },
    async get(name) {
      const ctx = ctxOf();
      const row = await ctx.collection(keptFilesCollection).findOne({ name });
      return row === null ? null : media.get(ctx.instance._id, name);
    },
    async remove(name) {
      const ctx = ctxOf();
      const rows = ctx.collection(keptFilesCollection);
      const row = await rows.findOne({ name });
      await media.remove(ctx.instance._id, name);
      const { deletedCount } = await rows.deleteOne({ name });
      if (row !== null && deletedCount > 0) await giveBack(ctx, "storage", row.bytes);
    },
  };
}

async function bytesOf(ctx: Ctx): Promise<number> {
  let total = 0;
  for await (const { bytes } of ctx.collection(keptFilesCollection).find({})) total += bytes;
  return total;
}

/** Once a day what pictures take up is added up anew. */
export const keptFiles = defineFeature({
  name: "kept-files",
  schedules: [
    {
      ...{ key: "kept-files-recount", cron: "17 3 * * *" },
      job: defineJob({
        name: "kept-files.recount",
        payload: z.object({}),
        run: (ctx) => recountUsage(ctx, "storage", () => bytesOf(ctx)),
      }) as ScheduleDef["job"],
    },
  ],
});
