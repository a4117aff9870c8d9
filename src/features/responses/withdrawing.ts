import { z } from "zod";
import { defineCollection, defineEvent, Refusal, type Ctx } from "../../kit/index.js";
import { setDecision } from "../proposals/movement.js";
import { proposalById } from "../proposals/proposals.js";
import { responseByUri, responsesCollection, responseTo, settleStatus } from "./responses.js";

/** The town hall of another instance took its answer back. */
export const responseWithdrawn = defineEvent(
  "response-withdrawn",
  z.object({ responseId: z.string(), proposalId: z.string() }),
);

/** An answer of elsewhere that was taken back: its address is never taken again. */
export interface WithdrawnResponse {
  /** The id that it had here. */
  readonly _id: string;
  readonly uri: string;
  readonly at: Date;
}

export const withdrawnResponsesCollection = defineCollection<WithdrawnResponse>(
  "withdrawnResponses",
  [{ keys: { uri: 1 }, unique: true }],
);

/** Whether an answer that was here by this id was taken back. */
export async function isTakenBack(ctx: Ctx, id: string): Promise<boolean> {
  return (await ctx.collection(withdrawnResponsesCollection).findOne({ _id: id })) !== null;
}

/** Whether an answer of elsewhere was taken back. */
export async function wasWithdrawn(ctx: Ctx, uri: string): Promise<boolean> {
  return (await ctx.collection(withdrawnResponsesCollection).findOne({ uri })) !== null;
}

/**
 * Another instance took its answer back: it goes from the record here, its proposal waits for an
 * answer again, and it is never taken anew. What is unknown, or gone already, changes nothing.
 * @throws Refusal("not-allowed") for an answer of anybody but `by`
 */
export async function receiveResponseWithdrawn(ctx: Ctx, uri: string, by: string): Promise<void> {
  const response = await responseByUri(ctx, uri);
  if (response === null) return;
  if (response.saidBy !== by) throw new Refusal("not-allowed");
  const { _id, proposalId } = response;
  await ctx.commit(responseWithdrawn, { responseId: _id, proposalId }, async () => {
    await ctx
      .collection(withdrawnResponsesCollection)
      .updateOne({ uri }, { $setOnInsert: { _id, at: ctx.clock.now() } }, { upsert: true });
    await ctx.collection(responsesCollection).deleteOne({ _id });
    await settleUnanswered(ctx, proposalId);
  });
}

/**
 * Make a proposal stand as its answer says, or as open without one. As `settleStatus`, the last one to
 * look sees what there is.
 */
export async function settleUnanswered(ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal === null || proposal.status === "withdrawn") return;
  const isAnswered = (await responseTo(ctx, proposalId)) !== null;
  if (!isAnswered && proposal.status !== "open") await setDecision(ctx, proposalId, "open");
  const response = await responseTo(ctx, proposalId);
  if (response !== null) await settleStatus(ctx, response._id);
}
