import { z } from "zod";
import {
  defineCollection,
  defineEvent,
  packCursor,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Slice,
} from "../../kit/index.js";
import { setDecision } from "../proposals/movement.js";
import { proposalById } from "../proposals/proposals.js";
import { statusOf, type Decision, type Response } from "./response.js";

const payload = z.object({ responseId: z.string() });
/** `by` is the official who did it, null for an answer of elsewhere. */
const changed = payload.extend({ by: z.string().nullable() });

/** An official would answer a proposal whose home does not name their city; it may by now. */
export const answerSought = defineEvent("answer-sought", z.object({ proposalId: z.string() }));
/** The town hall answered a proposal. */
export const responsePublished = defineEvent("response-published", payload);
/** The answer, its decision or the wording of its milestones was changed. */
export const responseEdited = defineEvent("response-edited", changed);
/** A step of the answer is done. */
export const milestoneReached = defineEvent(
  "milestone-reached",
  changed.extend({ milestoneId: z.string() }),
);

export const responsesCollection = defineCollection<Response>("responses", [
  { keys: { proposalId: 1 }, unique: true },
  { keys: { uri: 1 }, unique: true },
  { keys: { publishedAt: -1, _id: -1 } },
  { keys: { decision: 1, publishedAt: -1, _id: -1 } },
]);

/** An answer by id, or null. */
export async function responseById(ctx: Ctx, id: string): Promise<Response | null> {
  return ctx.collection(responsesCollection).findOne({ _id: id });
}

/** An answer by the id of its Note on the network, or null. */
export async function responseByUri(ctx: Ctx, uri: string): Promise<Response | null> {
  return ctx.collection(responsesCollection).findOne({ uri });
}

/** Several answers at once, by id; unknown ids are left out. At most 1,000 ids. */
export async function responsesByIds(
  ctx: Ctx,
  ids: readonly string[],
): Promise<Map<string, Response>> {
  const wanted = [...new Set(ids)].slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(responsesCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((response) => [response._id, response]));
}

/** The answer to a proposal, or null. */
export async function responseTo(ctx: Ctx, proposalId: string): Promise<Response | null> {
  return ctx.collection(responsesCollection).findOne({ proposalId });
}

/** The answers to several proposals, by the proposal's id. At most 1,000 ids. */
export async function responsesTo(
  ctx: Ctx,
  proposalIds: readonly string[],
): Promise<Map<string, Response>> {
  const wanted = [...new Set(proposalIds)].slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(responsesCollection)
    .find({ proposalId: { $in: wanted } })
    .toArray();
  return new Map(found.map((response) => [response.proposalId, response]));
}

/** A page of answers, perhaps with one decision, the latest first. A strange cursor is refused ("not-found"). */
export async function latestResponses(
  ctx: Ctx,
  asked: {
    readonly cursor: string | null;
    readonly limit: number;
    readonly decision?: Decision | null;
  },
): Promise<Slice<Response>> {
  const { cursor, limit, decision = null } = asked;
  const most = Math.min(Math.max(limit, 1), 100);
  const rows = await ctx
    .collection(responsesCollection)
    .find(
      { ...(decision === null ? {} : { decision }), ...before(cursor) },
      { sort: { publishedAt: -1, _id: -1 }, limit: most + 1 },
    )
    .toArray();
  return sliceOf(rows, most, (last) => packCursor([last.publishedAt, last._id]));
}

function before(cursor: string | null): object {
  if (cursor === null) return {};
  const [time = null, id = null] = unpackCursor(cursor, 2);
  const publishedAt = new Date(Number(time));
  return {
    $or: [{ publishedAt: { $lt: publishedAt } }, { publishedAt, _id: { $lt: String(id) } }],
  };
}

/** Whether an answer was given on this instance, and so can be changed here. */
export function isGivenHere(ctx: Ctx, response: Pick<Response, "uri">): boolean {
  return response.uri.startsWith(ctx.instance.url("/"));
}

/**
 * Make a proposal stand where its answer says, if it does not already; a withdrawn one stays
 * withdrawn. Run with each change of an answer and once more after it: whatever happens at the same
 * time, or dies in between, the last one to look sees the answer as it is.
 */
export async function settleStatus(ctx: Ctx, responseId: string): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const response = await responseById(ctx, responseId);
    if (response === null) return;
    const proposal = await proposalById(ctx, response.proposalId);
    if (proposal === null || proposal.status === "withdrawn") return;
    const status = statusOf(response);
    if (proposal.status === status) return;
    await setDecision(ctx, proposal._id, status);
  }
}
