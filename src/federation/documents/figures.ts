import { createHash } from "node:crypto";
import { z } from "zod";
import { commentById, commentsCollection } from "../../features/comments/comments.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import {
  activitiesCollection,
  figuresCollection,
  followersCollection,
  reactionsCollection,
} from "../records.js";

/** Up to here things are counted each time; a larger figure is kept, and may be some minutes old. */
const mostAtOnce = 1_000;

/** So many are counted while the first reader of a large figure waits; the rest is a job's. */
const mostAwaited = 5_000;

/** Counts stop here: beyond it nobody reads the figure, and counting would cost. */
const mostCounted = 100_000;

const freshMs = 10 * 60_000;
const keptMs = 7 * 24 * 3_600_000;

const asked = z.object({
  what: z.enum(["followers", "posts", "like", "announce", "answers-to-comment", "answers"]),
  /** An address, or a comment's id. */
  of: z.string(),
});

/** What is counted, and of what: each is answered by an index alone. */
export type Counted = z.infer<typeof asked>;

async function count(ctx: Ctx, { what, of }: Counted, limit: number): Promise<number> {
  switch (what) {
    case "followers":
      return ctx.collection(followersCollection).countDocuments({ actorUri: of }, { limit });
    case "posts":
      return ctx
        .collection(activitiesCollection)
        .countDocuments({ actorUri: of, listed: true }, { limit });
    case "like":
    case "announce":
      return ctx
        .collection(reactionsCollection)
        .countDocuments({ objectUri: of, kind: what }, { limit });
    case "answers":
      return ctx
        .collection(commentsCollection)
        .countDocuments({ answers: of, state: "shown" }, { limit });
    case "answers-to-comment":
      return countAnswers(ctx, of, limit);
  }
}

async function countAnswers(ctx: Ctx, parentId: string, limit: number): Promise<number> {
  const parent = await commentById(ctx, parentId);
  if (parent === null) return 0;
  const { proposalId } = parent;
  return ctx
    .collection(commentsCollection)
    .countDocuments({ proposalId, parentId, state: "shown" }, { limit });
}

function idOf(ctx: Ctx, { what, of }: Counted): string {
  return createHash("sha256").update([ctx.instance._id, what, of].join("\n")).digest("hex");
}

/** The job that counts a large figure anew. */
export const countAnew: JobDef<Counted> = defineJob({
  name: "federation.count-anew",
  payload: asked,
  run: keep,
});

async function keep(ctx: Ctx, counted: Counted): Promise<void> {
  const total = await count(ctx, counted, mostCounted);
  await ctx
    .collection(figuresCollection)
    .updateOne({ _id: idOf(ctx, counted) }, { $set: { total, ...datesOf(ctx) } }, { upsert: true });
}

function datesOf(ctx: Ctx) {
  const countedAt = ctx.clock.now();
  return { countedAt, expiresAt: new Date(countedAt.getTime() + keptMs) };
}

/** Count what somebody waits for; a figure that a job has counted meanwhile stays. */
async function keepFirst(ctx: Ctx, counted: Counted): Promise<number> {
  const total = await count(ctx, counted, mostAwaited);
  const _id = idOf(ctx, counted);
  await ctx
    .collection(figuresCollection)
    .updateOne({ _id }, { $setOnInsert: { total, ...datesOf(ctx) } }, { upsert: true });
  if (total === mostAwaited) await countSoon(ctx, counted);
  return total;
}

/** Have it counted by a job, once in ten minutes however many ask. */
async function countSoon(ctx: Ctx, counted: Counted): Promise<void> {
  const turn = Math.floor(ctx.clock.now().getTime() / freshMs);
  const id = `count-anew/${idOf(ctx, counted)}/${turn}`;
  await ctx.enqueue(countAnew, counted, { id });
}

/**
 * How many there are of what peers are told a figure of. It costs the same however many there are: a
 * small figure is counted, a large one read and counted anew by a job when it is older than ten minutes.
 * Who asks first is told 5,000 at most, for as long as the job takes.
 */
export async function figureOf(ctx: Ctx, counted: Counted): Promise<number> {
  const few = await count(ctx, counted, mostAtOnce);
  if (few < mostAtOnce) return few;
  const _id = idOf(ctx, counted);
  const kept = await ctx.collection(figuresCollection).findOne({ _id });
  if (kept === null) return keepFirst(ctx, counted);
  const age = ctx.clock.now().getTime() - kept.countedAt.getTime();
  if (age > freshMs) await countSoon(ctx, counted);
  return kept.total;
}
