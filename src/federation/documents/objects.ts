import { commentById } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import { proposalById, proposalByNumber } from "../../features/proposals/proposals.js";
import { responseById } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { activitiesCollection } from "../records.js";
import { commentNote, tombstone } from "../translate/comment.js";
import { proposalNote } from "../translate/proposal.js";
import { responseNote } from "../translate/response.js";
import type { As2 } from "../vocabulary.js";
import { document, nothing, type Found } from "./found.js";
import { gatherComment, gatherProposal, isNumbered } from "./gather.js";

/** The Note of a proposal of this instance. */
export async function findProposal(ctx: Ctx, number: number): Promise<Found> {
  const proposal = await proposalByNumber(ctx, number);
  if (!isNumbered(proposal)) return nothing;
  return document(proposalNote(await gatherProposal(ctx, proposal)));
}

/**
 * The Note of a comment. Comments of citizens who did not agree to the network never were on it;
 * those of citizens who left it, and deleted ones, are gone.
 */
export async function findComment(ctx: Ctx, id: string): Promise<Found> {
  const comment = await commentById(ctx, id);
  if (comment === null || comment.state === "held") return nothing;
  if (comment.origin === "elsewhere") {
    return comment.state === "deleted" ? nothing : { kind: "elsewhere", uri: comment.uri };
  }
  const gone: Found = { kind: "gone", body: tombstone(comment.uri, "Note") };
  if (comment.state === "deleted") return gone;
  const gathered = await gatherComment(ctx, comment);
  if (gathered !== null) return document(commentNote(gathered));
  const author = await personById(ctx, comment.authorId);
  return author === null || author.uri === null ? nothing : gone;
}

/** The Note of an official response; one that came from elsewhere is read at its home. */
export async function findResponse(ctx: Ctx, id: string): Promise<Found> {
  const response = await responseById(ctx, id);
  if (response === null) return nothing;
  if (response.uri !== ctx.instance.url(`/responses/${id}`)) {
    return { kind: "elsewhere", uri: response.uri };
  }
  const proposal = await proposalById(ctx, response.proposalId);
  if (proposal === null) return nothing;
  return document(responseNote({ instance: ctx.instance, response, proposal }));
}

/** An activity that a local actor has sent. */
export async function findActivity(ctx: Ctx, id: string): Promise<Found> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id });
  return activity === null || !activity.listed ? nothing : document(withoutContext(activity.body));
}

/** A short note by a proposal's actor: it lives in the activity that told of it. */
export async function findNote(ctx: Ctx, id: string): Promise<Found> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id });
  if (activity === null || !activity.objectUri.endsWith(`/notes/${id}`)) return nothing;
  return document(withoutContext(activity.body)["object"] as As2);
}

/** What we have stored as text, without the context that every answer gets anew. */
export function withoutContext(body: string): As2 {
  const { "@context": _context, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return rest;
}
