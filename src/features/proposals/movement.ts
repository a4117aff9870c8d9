import type { Ctx } from "../../kit/index.js";
import type { Status } from "./proposal.js";
import { proposalsCollection, proposalStirred } from "./proposals.js";

/**
 * Have the figures of a proposal counted again from its rows, soon and once however often it is
 * asked. `write` is what changes them, when the caller wants both to happen as one.
 */
export async function noteMovement(
  ctx: Ctx,
  proposalId: string,
  write: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await ctx.commit(proposalStirred, { proposalId }, write);
}

/** Show one support more or fewer at once; the recount repairs what a crash leaves uncounted. */
export async function countSupport(
  ctx: Ctx,
  { proposalId, origin }: { proposalId: string; origin: "here" | "elsewhere" },
  change: 1 | -1,
): Promise<void> {
  const side = origin === "here" ? "counts.supportsHere" : "counts.supportsElsewhere";
  await ctx.collection(proposalsCollection).updateOne(
    { _id: proposalId },
    {
      $inc: { "counts.supports": change, [side]: change },
      $set: { movedAt: ctx.clock.now() },
    },
  );
}

/** Show one comment more or fewer at once. */
export async function countComment(ctx: Ctx, proposalId: string, change: 1 | -1): Promise<void> {
  await ctx
    .collection(proposalsCollection)
    .updateOne(
      { _id: proposalId },
      { $inc: { "counts.comments": change }, $set: { movedAt: ctx.clock.now() } },
    );
}

/** Where a proposal stands follows from the town hall's answer; a withdrawn one stays withdrawn. */
export async function setDecision(ctx: Ctx, proposalId: string, status: Status): Promise<void> {
  await noteMovement(ctx, proposalId, async () => {
    await ctx
      .collection(proposalsCollection)
      .updateOne(
        { _id: proposalId, status: { $ne: "withdrawn" } },
        { $set: { status, movedAt: ctx.clock.now() } },
      );
  });
}
