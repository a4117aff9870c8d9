import { Refusal, type Ctx } from "../../kit/index.js";
import {
  keepRefused,
  mostWaiting,
  refusedSupportsCollection,
  settleTaken,
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
 * Have a support that waits count. Its row says first that it is taken, so that nobody declines it, and
 * last, after `record` has written the decision down, that it counts. Several may take it at once, or one
 * again after a crash: it counts once, and not when it was taken back meanwhile.
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
  if (await settleTaken(ctx, id)) return;
  await removeSupport(ctx, support);
  // Given once more just before that, it was counted already, and would now be lost.
  if (await settleTaken(ctx, id)) await addSupport(ctx, support, "elsewhere");
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

/** The latest of those that wait together, or null. */
export function latestAlike(ctx: Ctx, { proposalId, host }: Alike): Promise<RefusedSupport | null> {
  return ctx
    .collection(refusedSupportsCollection)
    .findOne({ host, why: "many-new", proposalId }, { sort: { at: -1, _id: -1 } });
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
