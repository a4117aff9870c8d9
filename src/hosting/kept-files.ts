import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { mediaFileOf, MediaUnavailable, type Media } from "../drivers/media.js";
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

/**
 * A picture that an instance keeps: written down, and counted, before it is kept and until it is removed.
 * Its file is only removed by who has claimed the row, and only kept while nobody has: an upload of the
 * same picture meets no half of a removal.
 */
export interface KeptFile {
  /** The instance and the file's name. */
  readonly _id: string;
  readonly name: string;
  /** What is counted for it. */
  readonly bytes: number;
  readonly at: Date;
  /** Nobody removes it before, whatever becomes of who kept it. */
  readonly until: Date;
  /** Until when whoever makes room for it, or removes it, has it alone; null while it is kept. */
  readonly claimedUntil: Date | null;
}

export const keptFilesCollection = defineCollection<KeptFile>("keptFiles", [
  { keys: { name: 1 }, unique: true },
]);

/** Longer than a file takes to be removed, all tries of a bucket and what comes before them included. */
const claimMs = 60_000;
/** Whoever comes to the file later than this after it was claimed leaves it to the next. */
const promptMs = 20_000;

/** How long an upload waits for who has claimed the same picture. */
export interface Patience {
  readonly tries: number;
  readonly restMs: number;
}

const usualPatience: Patience = { tries: 30, restMs: 100 };

/** One instance's rows, and the place of the files. */
interface Shelf {
  readonly ctx: Ctx;
  readonly media: Media;
}

/**
 * The kept files of a `Ctx`: whatever dies in between, none is kept that no row knows of, and none
 * beyond what the instance may keep. The same picture is counted once. What is being removed or was
 * removed is given out no more, wherever a copy of it may lie. Refuses with "storage-full"; throws
 * `MediaUnavailable` for a picture that somebody else has claimed for too long.
 */
export function keptFilesOf(
  media: Media,
  ctxOf: () => Ctx,
  patience: Patience = usualPatience,
): InstanceMedia {
  return {
    async put(bytes, extension, leastMs) {
      const ctx = ctxOf();
      const { name } = mediaFileOf(ctx.instance._id, bytes, extension);
      const until = later(ctx, leastMs);
      await writeDown({ ctx, media }, { name, bytes: bytes.byteLength, until }, patience);
      return media.put(ctx.instance._id, bytes, extension);
    },
    async keep(name, leastMs) {
      const ctx = ctxOf();
      await lengthen(ctx, name, later(ctx, leastMs));
    },
    async get(name) {
      const ctx = ctxOf();
      const row = await ctx.collection(keptFilesCollection).findOne({ name, claimedUntil: null });
      return row === null ? null : media.get(ctx.instance._id, name);
    },
    remove: (name) => removeFile({ ctx: ctxOf(), media }, name),
  };
}

function later({ clock }: Ctx, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}

type Wanted = Pick<KeptFile, "name" | "bytes" | "until">;

/** Resolves once a row says that the file is there, and nobody may remove it before `until`. */
async function writeDown(shelf: Shelf, wanted: Wanted, { tries, restMs }: Patience): Promise<void> {
  const { ctx } = shelf;
  for (let done = 0; done < tries; done += 1) {
    if (await lengthen(ctx, wanted.name, wanted.until)) return;
    const row = await ctx.collection(keptFilesCollection).findOne({ name: wanted.name });
    if (row === null) {
      if (await enter(ctx, wanted)) return;
    } else if (isOver(ctx, row)) {
      // Whoever claimed it has died: what they may have begun is brought to its end first.
      await removeFile(shelf, wanted.name);
    } else {
      await pause(restMs);
    }
  }
  throw new MediaUnavailable("somebody else has claimed the same picture");
}

/** False when it is not kept. */
async function lengthen(ctx: Ctx, name: string, until: Date): Promise<boolean> {
  const kept = { name, claimedUntil: null };
  const rows = ctx.collection(keptFilesCollection);
  return (await rows.updateOne(kept, { $max: { until } })).matchedCount > 0;
}

/**
 * Makes room for a file that is not there: a row that counts for nothing yet keeps others waiting
 * meanwhile. What a death leaves is counted too much, until the recount. False when another was quicker.
 */
async function enter(ctx: Ctx, { name, bytes, until }: Wanted): Promise<boolean> {
  const rows = ctx.collection(keptFilesCollection);
  const _id = `${ctx.instance._id}/${name}`;
  const at = ctx.clock.now();
  const claimedUntil = later(ctx, claimMs);
  const row = { _id, name, bytes: 0, at, until: at, claimedUntil };
  if (!(await insertOnce(() => rows.insertOne(row)))) return false;
  if (!(await takeOf(ctx, "storage", { amount: bytes }))) {
    await rows.deleteOne({ name, claimedUntil });
    throw new Refusal("storage-full");
  }
  const kept = { $set: { bytes, until, claimedUntil: null } };
  if ((await rows.updateOne({ name, claimedUntil }, kept)).matchedCount > 0) return true;
  await giveBack(ctx, "storage", bytes);
  return false;
}

function isOver({ clock }: Ctx, { claimedUntil }: KeptFile): boolean {
  return claimedUntil !== null && claimedUntil <= clock.now();
}

/** Of several at once one removes it; the others are told to come again. */
async function removeFile({ ctx, media }: Shelf, name: string): Promise<Date | null> {
  const rows = ctx.collection(keptFilesCollection);
  const now = ctx.clock.now();
  const claimedUntil = later(ctx, claimMs);
  const past = { $not: { $gt: now } };
  const claimed = await rows.findOneAndUpdate(
    { name, until: past, claimedUntil: past },
    { $set: { claimedUntil } },
    { returnDocument: "after" },
  );
  if (claimed === null) return notBefore(await rows.findOne({ name }));
  if (ctx.clock.now().getTime() > now.getTime() + promptMs) return claimedUntil;
  await media.remove(ctx.instance._id, name);
  const { deletedCount } = await rows.deleteOne({ name, claimedUntil });
  if (deletedCount > 0) await giveBack(ctx, "storage", claimed.bytes);
  return null;
}

function notBefore(row: KeptFile | null): Date | null {
  if (row === null) return null;
  const { until, claimedUntil } = row;
  return claimedUntil !== null && claimedUntil > until ? claimedUntil : until;
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
