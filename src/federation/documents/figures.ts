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
  run: async (ctx, counted) => {
    await keep(ctx, counted);
  },
});

async function keep(ctx: Ctx, counted: Counted): Promise<number> {
  const total = await count(ctx, counted, mostCounted);
  const countedAt = ctx.clock.now();
  const expiresAt = new Date(countedAt.getTime() + keptMs);
  await ctx
    .collection(figuresCollection)
    .updateOne(
      { _id: idOf(ctx, counted) },
      { $set: { total, countedAt, expiresAt } },
      { upsert: true },
    );
  return total;
}

/**
 * How many there are of what peers are told a figure of. It costs the same however many there are: a
 * small figure is counted, a large one read and counted anew by a job when it is older than ten minutes.
 */
export async function figureOf(ctx: Ctx, counted: Counted): Promise<number> {
  const few = await count(ctx, counted, mostAtOnce);
  if (few < mostAtOnce) return few;
  const _id = idOf(ctx, counted);
  const kept = await ctx.collection(figuresCollection).findOne({ _id });
  if (kept === null) return keep(ctx, counted);
  const now = ctx.clock.now().getTime();
  if (now - kept.countedAt.getTime() > freshMs) {
    const turn = Math.floor(now / freshMs);
    await ctx.enqueue(countAnew, counted, { id: `count-anew/${_id}/${turn}` });
  }
  return kept.total;
}
