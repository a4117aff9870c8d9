import { defineCollection, type Ctx } from "../../kit/index.js";
import type { Support } from "./support.js";

/** Why a support of elsewhere is not counted; each has words, `moderation.support.why.<code>`. */
export type SupportRefusal = "blocked" | "withdrawn" | "automated";

/** A support of elsewhere that is not counted; the pair is unique, and it is soon forgotten. */
export interface RefusedSupport extends Pick<Support, "_id" | "proposalId" | "personId" | "at"> {
  readonly why: SupportRefusal;
  readonly expiresAt: Date;
}

/** What decides whether a support of elsewhere counts. */
export interface SupportSignals {
  readonly isBlocked: boolean;
  readonly isWithdrawn: boolean;
  /** The account says that it is run by a machine: a support is one person's. */
  readonly isAutomated: boolean;
}

/** Why a support of elsewhere does not count; null when it does. */
export function judgeSupport(signals: SupportSignals): SupportRefusal | null {
  if (signals.isBlocked) return "blocked";
  if (signals.isWithdrawn) return "withdrawn";
  return signals.isAutomated ? "automated" : null;
}

const keptMs = 30 * 24 * 3_600_000;

export const refusedSupportsCollection = defineCollection<RefusedSupport>("refusedSupports", [
  { keys: { proposalId: 1, personId: 1 }, unique: true },
  { keys: { at: -1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** Remember why a support does not count; told again, the latest reason stays. */
export async function keepRefused(
  ctx: Ctx,
  { proposalId, personId }: Pick<Support, "proposalId" | "personId">,
  why: SupportRefusal,
): Promise<void> {
  const at = ctx.clock.now();
  const expiresAt = new Date(at.getTime() + keptMs);
  await ctx
    .collection(refusedSupportsCollection)
    .updateOne(
      { proposalId, personId },
      { $set: { why, at, expiresAt }, $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
}

/** Forget a refused support: it was taken back, or counts now. */
export async function dropRefused(
  ctx: Ctx,
  { proposalId, personId }: Pick<Support, "proposalId" | "personId">,
): Promise<void> {
  await ctx.collection(refusedSupportsCollection).deleteOne({ proposalId, personId });
}

/** The latest supports of elsewhere that were refused. */
export function latestRefused(ctx: Ctx, limit: number): Promise<RefusedSupport[]> {
  return ctx
    .collection(refusedSupportsCollection)
    .find({}, { sort: { at: -1 }, limit })
    .toArray();
}
