import { Refusal, type Ctx } from "../../kit/index.js";
import {
  dropRefused,
  refusedSupportsCollection,
  type RefusedSupport,
  type SupportRefusal,
} from "./refused.js";
import { addSupport, removeSupport } from "./supports.js";

/** One that was taken waits still, until it counts: a moderator can press again after a crash. */
const waiting: SupportRefusal[] = ["limited-host", "taken"];

/** The supports that wait for a moderator, the oldest first. */
export function listHeldSupports(ctx: Ctx, limit: number): Promise<RefusedSupport[]> {
  return ctx
    .collection(refusedSupportsCollection)
    .find({ why: { $in: waiting } }, { sort: { at: 1 }, limit })
    .toArray();
}

/** How many wait, counted up to `limit`. */
export function countHeldSupports(ctx: Ctx, limit: number): Promise<number> {
  return ctx
    .collection(refusedSupportsCollection)
    .countDocuments({ why: { $in: waiting } }, { limit });
}

/**
 * Have a support that waits count. Its row is claimed first, so that of two moderators one decides, and
 * forgotten last; one that was taken back meanwhile does not count.
 * @returns what it was; throws Refusal("gone") when it does not wait any more
 */
export async function takeSupport(ctx: Ctx, id: string): Promise<RefusedSupport> {
  const support = await decide(ctx, { _id: id, why: { $in: waiting } }, "taken");
  await addSupport(ctx, support, "elsewhere");
  if (!(await dropRefused(ctx, support))) await removeSupport(ctx, support);
  return support;
}

/** Have a support that waits not count, whatever its server sends again. As `takeSupport`. */
export function declineSupport(ctx: Ctx, id: string): Promise<RefusedSupport> {
  return decide(ctx, { _id: id, why: "limited-host" }, "declined");
}

async function decide(ctx: Ctx, which: object, why: "taken" | "declined"): Promise<RefusedSupport> {
  const found = await ctx
    .collection(refusedSupportsCollection)
    .findOneAndUpdate(which, { $set: { why } }, { returnDocument: "after" });
  if (found === null) throw new Refusal("gone");
  return found;
}
