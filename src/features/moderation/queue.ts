import {
  hasRole,
  packCursor,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Slice,
} from "../../kit/index.js";
import type { Comment } from "../comments/comment.js";
import { commentsCollection } from "../comments/comments.js";
import { countHeldSupports } from "../supports/held.js";
import { reportsCollection } from "./reports.js";

/** Nobody needs to know how many more there are. */
export const mostCounted = 99;

/** A page of the comments that wait, the oldest first. */
export async function listHeld(
  ctx: Ctx,
  after: string | null,
  limit: number,
): Promise<Slice<Comment>> {
  const later = after === null ? {} : { _id: { $gt: String(unpackCursor(after, 1)[0]) } };
  const found = await ctx
    .collection(commentsCollection)
    .find({ state: "held", ...later }, { sort: { _id: 1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(found, limit, ({ _id }) => packCursor([_id]));
}

/** A page of the comments that were refused lately, the latest first. */
export async function listRefused(
  ctx: Ctx,
  after: string | null,
  limit: number,
): Promise<Slice<Comment>> {
  const earlier = after === null ? {} : { _id: { $lt: String(unpackCursor(after, 1)[0]) } };
  const found = await ctx
    .collection(commentsCollection)
    .find({ state: "refused", ...earlier }, { sort: { _id: -1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(found, limit, ({ _id }) => packCursor([_id]));
}

/** What waits for a moderator, each counted up to 99. */
export async function waitingCounts(ctx: Ctx) {
  const limit = { limit: mostCounted };
  const [comments, supports, reports] = await Promise.all([
    ctx.collection(commentsCollection).countDocuments({ state: "held" }, limit),
    countHeldSupports(ctx, mostCounted),
    ctx.collection(reportsCollection).countDocuments({ state: "open" }, limit),
  ]);
  const held = Math.min(comments + supports, mostCounted);
  return { held, reports };
}

/** Everything that waits for the member, up to 99; nothing waits for who is no moderator. */
export async function waitingCount(ctx: Ctx): Promise<number> {
  if (!hasRole(ctx.member, "moderator")) return 0;
  const { held, reports } = await waitingCounts(ctx);
  return Math.min(held + reports, mostCounted);
}
