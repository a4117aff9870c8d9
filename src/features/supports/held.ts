import { Refusal, type Ctx } from "../../kit/index.js";
import {
  dropRefused,
  keepRefused,
  mostWaiting,
  refusedSupportsCollection,
  waiting,
  type RefusedSupport,
  type SupportRefusal,
} from "./refused.js";
import { addSupport, judgeHeld, removeSupport } from "./supports.js";

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
 * forgotten last, after `record` has written the decision down; one that was taken back meanwhile does
 * not count.
 * @throws Refusal("gone") when it does not wait any more, or cannot count: its person was blocked, or
 * the proposal withdrawn
 */
export async function takeSupport(ctx: Ctx, id: string, record: Recorded): Promise<void> {
  const support = await decide(ctx, { _id: id, why: { $in: waiting } }, "taken");
  const why = await judgeHeld(ctx, support);
  if (why !== null) {
    await keepRefused(ctx, support, { why, host: support.host });
    throw new Refusal("gone");
  }
  await addSupport(ctx, support, "elsewhere");
  await record(support);
  if (!(await dropRefused(ctx, support))) await removeSupport(ctx, support);
}

const declinable: SupportRefusal[] = ["limited-host", "many-new", "declined"];

/** Have a support that waits not count, whatever its server sends again. As `takeSupport`. */
export async function declineSupport(ctx: Ctx, id: string, record: Recorded): Promise<void> {
  await record(await decide(ctx, { _id: id, why: { $in: declinable } }, "declined"));
}

/** Those that wait because many came of one site for one proposal, and what they have in common. */
export type Alike = Pick<RefusedSupport, "proposalId" | "host">;

/** How many wait together, counted up to the most that can. */
export function countAlike(ctx: Ctx, { proposalId, host }: Alike): Promise<number> {
  const limit = mostWaiting["many-new"];
  return ctx
    .collection(refusedSupportsCollection)
    .countDocuments({ host, why: "many-new", proposalId }, { limit });
}

/**
 * Some of those that wait together since `until` or before, to be decided about alike: of those to be
 * taken, one that was about to be before a crash is among them.
 */
export function listAlike(
  ctx: Ctx,
  { proposalId, host }: Alike,
  { act, until, limit }: { act: "take" | "decline"; until: Date; limit: number },
): Promise<RefusedSupport[]> {
  const why: SupportRefusal[] = act === "take" ? ["many-new", "taken"] : ["many-new"];
  return ctx
    .collection(refusedSupportsCollection)
    .find({ host, why: { $in: why }, proposalId, at: { $lte: until } }, { limit })
    .toArray();
}

/** One of many that wait together. @throws Refusal("gone") when it does not any more. */
export async function oneOfMany(ctx: Ctx, id: string): Promise<RefusedSupport> {
  const which = { _id: id, why: "many-new" } as const;
  const found = await ctx.collection(refusedSupportsCollection).findOne(which);
  if (found === null) throw new Refusal("gone");
  return found;
}

/** Writes a decision down; asked twice, it is one. */
export type Recorded = (support: RefusedSupport) => Promise<void>;

async function decide(ctx: Ctx, which: object, why: "taken" | "declined"): Promise<RefusedSupport> {
  const found = await ctx
    .collection(refusedSupportsCollection)
    .findOneAndUpdate(which, { $set: { why } }, { returnDocument: "after" });
  if (found === null) throw new Refusal("gone");
  return found;
}
