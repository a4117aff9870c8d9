import { commentById } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import { proposalById, proposalByNumber } from "../../features/proposals/proposals.js";
import { responseById } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { localPath } from "../addresses.js";
import { activitiesCollection, type Activity } from "../records.js";
import { commentNote, tombstone } from "../translate/comment.js";
import { proposalNote } from "../translate/proposal.js";
import { responseNote } from "../translate/response.js";
import type { As2 } from "../vocabulary.js";
import { document, nothing, onlyPage, type Found } from "./found.js";
import { gatherComment, gatherProposal, gatherResponse, isNumbered } from "./gather.js";

/** The Note of a proposal of this instance. */
export async function findProposal(ctx: Ctx, number: number): Promise<Found> {
  const proposal = await proposalByNumber(ctx, number);
  if (!isNumbered(proposal)) return nothing;
  return document(proposalNote(await gatherProposal(ctx, proposal)));
}

/**
 * The Note of a comment. Comments of citizens who did not agree to the network never were on it and
 * have but a page; those of citizens who left it, and deleted ones, are gone.
 */
export async function findComment(ctx: Ctx, id: string): Promise<Found> {
  const comment = await commentById(ctx, id);
  if (comment === null || comment.state === "held" || comment.state === "refused") return nothing;
  if (comment.origin === "elsewhere") {
    return comment.state === "shown" ? { kind: "elsewhere", uri: comment.uri } : nothing;
  }
  const gone: Found = { kind: "gone", body: tombstone(comment.uri, "Note") };
  if (comment.state === "deleted") return gone;
  const gathered = await gatherComment(ctx, comment);
  if (gathered !== null) return document(commentNote(gathered));
  const author = await personById(ctx, comment.authorId);
  return author === null || author.uri === null ? onlyPage : gone;
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
  return document(responseNote(await gatherResponse(ctx, response, proposal)));
}

/** An activity that a local actor has sent. */
export async function findActivity(ctx: Ctx, id: string): Promise<Found> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id });
  return activity === null || !activity.listed ? nothing : activityNow(ctx, activity);
}

/**
 * A listed activity as it may be read now: what it created is shown as it is today, and is gone with
 * it, so that no word outlives its deletion in the activity that once told of it.
 */
export async function activityNow(
  ctx: Ctx,
  { type, uri, objectUri, body }: Pick<Activity, "type" | "uri" | "objectUri" | "body">,
): Promise<Found> {
  const stored = withoutContext(body);
  const found = type === "Create" ? await objectNow(ctx, objectUri) : null;
  if (found === null) return document(stored);
  if (found.kind === "document") return document({ ...stored, object: found.body });
  return found.kind === "gone" ? { kind: "gone", body: tombstone(uri, "Create") } : nothing;
}

/** What is at an object's own address; null for what lives in the activity that told of it. */
async function objectNow(ctx: Ctx, uri: string): Promise<Found | null> {
  const path = localPath(ctx.instance, uri) ?? "";
  const [, kind, id = ""] = /^\/(proposals|comments|responses)\/([0-9a-z]+)$/.exec(path) ?? [];
  if (kind === "proposals") return findProposal(ctx, Number(id));
  if (kind === "comments") return findComment(ctx, id);
  return kind === "responses" ? findResponse(ctx, id) : null;
}

/** A short note by a proposal's actor: it lives in the activity that told of it. */
export async function findNote(ctx: Ctx, id: string): Promise<Found> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id });
  if (activity === null || !activity.objectUri.endsWith(`/notes/${id}`)) return nothing;
  return document(withoutContext(activity.body)["object"] as As2);
}

/**
 * What we have stored as text, without the context that every answer gets anew, and without the
 * proof, which covers the context and the object as they were sent.
 */
export function withoutContext(body: string): As2 {
  const { "@context": _context, proof: _proof, ...rest } = JSON.parse(body) as As2;
  return rest;
}
