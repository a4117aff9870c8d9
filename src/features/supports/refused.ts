import { defineCollection, isDuplicate, type Ctx } from "../../kit/index.js";
import { proposalById } from "../proposals/proposals.js";
import type { Support } from "./support.js";

/**
 * Why a support of elsewhere is not counted; each has words, `moderation.supports.why.<code>`. With
 * `limited-host` it waits for a moderator, who takes it (`taken`, until it counts) or has `declined` it.
 * Of one that was taken it is known for a day what came of it, `counted` or `taken-back`: whoever was
 * slower at taking it finds out, and neither ends it nor brings it back. These two are shown to nobody.
 */
export type SupportRefusal =
  | "blocked"
  | "withdrawn"
  | "automated"
  | "declined"
  | "limited-host"
  | "many-new"
  | "taken"
  | "counted"
  | "taken-back"
  | "too-many-waiting";

/**
 * A support of elsewhere that is not counted; the pair is unique. What waits, or was declined, is kept
 * (`expiresAt` null); the rest is soon forgotten.
 */
export interface RefusedSupport extends Pick<Support, "_id" | "proposalId" | "personId" | "at"> {
  readonly why: SupportRefusal;
  /** Where it came from: the limited host, or the site of which many came. */
  readonly host: string | null;
  readonly expiresAt: Date | null;
}

/** What decides whether a support of elsewhere counts. */
export interface SupportSignals {
  readonly isBlocked: boolean;
  readonly isWithdrawn: boolean;
  /** The account says that it is run by a machine: a support is one person's. */
  readonly isAutomated: boolean;
  /** It counts already: a limit is for what comes. */
  readonly isCounted: boolean;
  readonly wasDeclined: boolean;
  /** It waits as one of many, and nothing else has made its person known since. */
  readonly isOneOfMany: boolean;
  /** An admin limited what its server may do here, and no moderator trusts the person. */
  readonly isLimited: boolean;
}

/** Why a support of elsewhere does not count; null when it does. */
export function judgeSupport(signals: SupportSignals): SupportRefusal | null {
  if (signals.isBlocked) return "blocked";
  if (signals.isWithdrawn) return "withdrawn";
  if (signals.isAutomated) return "automated";
  if (signals.isCounted) return null;
  if (signals.wasDeclined) return "declined";
  if (signals.isOneOfMany) return "many-new";
  return signals.isLimited ? "limited-host" : null;
}

const keptMs = 30 * 24 * 3_600_000;

export const refusedSupportsCollection = defineCollection<RefusedSupport>("refusedSupports", [
  { keys: { proposalId: 1, personId: 1 }, unique: true },
  { keys: { personId: 1 } },
  { keys: { at: -1 } },
  { keys: { why: 1, at: 1 } },
  { keys: { host: 1, why: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** Why a support can wait for a moderator. */
export type SupportHold = "limited-host" | "many-new";

/** So many wait of one limited host, and of one site of which many came; what comes on top is refused. */
export const mostWaiting: Readonly<Record<SupportHold, number>> = {
  ...{ "limited-host": 200, "many-new": 1_000 },
};

/** What a host or site may have waiting; beyond it a support is refused instead. */
export async function heldOrFull(
  ctx: Ctx,
  held: { readonly why: SupportHold; readonly host: string | null },
): Promise<SupportRefusal> {
  const limit = mostWaiting[held.why];
  const count = await ctx.collection(refusedSupportsCollection).countDocuments(held, { limit });
  return count < limit ? held.why : "too-many-waiting";
}

/** What is remembered of a support that does not count, or null. */
export function refusedSupport(
  ctx: Ctx,
  { proposalId, personId }: Pick<Support, "proposalId" | "personId">,
): Promise<RefusedSupport | null> {
  return ctx.collection(refusedSupportsCollection).findOne({ proposalId, personId });
}

/** One that was taken waits still, until it counts: a moderator can press again after a crash. */
export const waiting: SupportRefusal[] = ["limited-host", "many-new", "taken"];

/** Remember why a support does not count; told again, the latest reason stays, but one declined is so. */
export async function keepRefused(
  ctx: Ctx,
  { proposalId, personId }: Pick<Support, "proposalId" | "personId">,
  { why, host }: Pick<RefusedSupport, "why" | "host">,
): Promise<void> {
  const at = ctx.clock.now();
  const isKept = why === "limited-host" || why === "many-new" || why === "declined";
  const expiresAt = isKept ? null : new Date(at.getTime() + keptMs);
  try {
    await ctx
      .collection(refusedSupportsCollection)
      .updateOne(
        { proposalId, personId, why: { $ne: "declined" } },
        { $set: { why, host, at, expiresAt }, $setOnInsert: { _id: ctx.ids.next() } },
        { upsert: true },
      );
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/**
 * What waits for a proposal that was withdrawn cannot count any more, and waits no longer. Looked for
 * after a withdrawal, and after a support was kept: one of both sees the other.
 */
export async function refuseIfWithdrawn(ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal?.status !== "withdrawn") return;
  const expiresAt = new Date(ctx.clock.now().getTime() + keptMs);
  await ctx
    .collection(refusedSupportsCollection)
    .updateMany({ proposalId, why: { $in: waiting } }, { $set: { why: "withdrawn", expiresAt } });
}

type Pair = Pick<Support, "proposalId" | "personId">;

/** What has come of a support that was taken. */
export type Outcome = Extract<SupportRefusal, "counted" | "taken-back">;

const settled: SupportRefusal[] = ["counted", "taken-back"];
const wasTaken: SupportRefusal[] = ["taken", ...settled];
const settledMs = 24 * 3_600_000;

function settledAs(ctx: Ctx, why: Outcome): Pick<RefusedSupport, "why" | "expiresAt"> {
  return { why, expiresAt: new Date(ctx.clock.now().getTime() + settledMs) };
}

/**
 * Forget all that is remembered of the supports of somebody whose account is gone; what was taken is
 * taken back, for whoever is about to have it count, and forgotten a day later.
 */
export async function forgetRefused(ctx: Ctx, personId: string): Promise<void> {
  const rows = ctx.collection(refusedSupportsCollection);
  await rows.deleteMany({ personId, why: { $nin: wasTaken } });
  await rows.updateMany({ personId }, { $set: settledAs(ctx, "taken-back") });
}

/**
 * Forget a refused support: it was taken back, or counts now; what a moderator declined stays so, and
 * of one that was taken the outcome is kept. What waits is looked for first: once it is taken it is
 * found as such.
 */
export async function dropRefused(ctx: Ctx, pair: Pair, outcome: Outcome): Promise<void> {
  const { proposalId, personId } = pair;
  const rows = ctx.collection(refusedSupportsCollection);
  await rows.deleteOne({ proposalId, personId, why: { $nin: ["declined", ...wasTaken] } });
  await rows.updateOne(
    { proposalId, personId, why: { $in: wasTaken } },
    { $set: settledAs(ctx, outcome) },
  );
}

/**
 * Say of a support that was taken that it counts, unless it was taken back, or declined, meanwhile.
 * @returns whether it counts; one of which nothing is remembered any more does
 */
export async function settleTaken(ctx: Ctx, _id: string): Promise<boolean> {
  const rows = ctx.collection(refusedSupportsCollection);
  const ended: SupportRefusal[] = ["declined", "taken-back"];
  const { matchedCount } = await rows.updateOne(
    { _id, why: { $nin: ended } },
    { $set: settledAs(ctx, "counted") },
  );
  if (matchedCount === 1) return true;
  return (await rows.findOne({ _id, why: { $in: ended } })) === null;
}

/** The latest supports of elsewhere that were refused. */
export function latestRefused(ctx: Ctx, limit: number): Promise<RefusedSupport[]> {
  return ctx
    .collection(refusedSupportsCollection)
    .find({ why: { $nin: settled } }, { sort: { at: -1 }, limit })
    .toArray();
}
