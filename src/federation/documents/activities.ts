import { commentsByIds } from "../../features/comments/comments.js";
import { peopleByIds } from "../../features/people/people.js";
import { proposalsByIds, proposalsByNumbers } from "../../features/proposals/proposals.js";
import { responsesByIds } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { localPath } from "../addresses.js";
import { activitiesCollection, type Activity } from "../records.js";
import { tombstone } from "../translate/comment.js";
import { proposalNote } from "../translate/proposal.js";
import { responseNote } from "../translate/response.js";
import type { As2 } from "../vocabulary.js";
import { document, nothing, type Found } from "./found.js";
import { gatherComments, gatherProposals, isNumbered } from "./gather.js";
import { commentFound, findComment, findProposal, findResponse, mayBeNote } from "./objects.js";

type Told = Pick<Activity, "type" | "uri" | "objectUri" | "body">;

/** An activity that a local actor has sent. */
export async function findActivity(ctx: Ctx, id: string): Promise<Found> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id });
  if (activity === null || !activity.listed) return nothing;
  return activityNow(activity, await objectOf(ctx, activity));
}

/**
 * Several listed activities as they may be read now, in a few queries however many they are: what they
 * created says where its replies, favourites and boosts are read, and neither counts nor lists them.
 */
export async function activitiesNow(ctx: Ctx, activities: readonly Told[]): Promise<Found[]> {
  const created = activities.filter(({ type }) => type === "Create");
  const ids = (kind: Kind): string[] =>
    created.flatMap(({ objectUri }) => {
      const place = placeOf(ctx, objectUri);
      return place?.kind === kind ? [place.id] : [];
    });
  const objects = new Map([
    ...(await proposalsNow(ctx, ids("proposals"))),
    ...(await commentsNow(ctx, ids("comments"))),
    ...(await responsesNow(ctx, ids("responses"))),
  ]);
  return activities.map((activity) => {
    const lives = activity.type === "Create" && placeOf(ctx, activity.objectUri) !== null;
    return activityNow(activity, lives ? (objects.get(activity.objectUri) ?? nothing) : null);
  });
}

/**
 * A listed activity as it may be read now: what it created is shown as it is today, and is gone with
 * it, so that no word outlives its deletion in the activity that once told of it. The object is null
 * for what lives in the activity itself.
 */
function activityNow({ uri, body }: Told, object: Found | null): Found {
  const stored = withoutContext(body);
  if (object === null) return document(stored);
  if (object.kind === "document") return document({ ...stored, object: object.body });
  return object.kind === "gone" ? { kind: "gone", body: tombstone(uri, "Create") } : nothing;
}

const kinds = ["proposals", "comments", "responses"] as const;
type Kind = (typeof kinds)[number];

/** The address of a Note that is kept as a record; null for every other one. */
function placeOf(ctx: Ctx, uri: string): { readonly kind: Kind; readonly id: string } | null {
  const path = localPath(ctx.instance, uri) ?? "";
  const [, first, id = ""] = /^\/([a-z]+)\/([0-9a-z]+)$/.exec(path) ?? [];
  const kind = kinds.find((one) => one === first);
  return kind === undefined ? null : { kind, id };
}

async function objectOf(ctx: Ctx, { type, objectUri }: Told): Promise<Found | null> {
  const place = type === "Create" ? placeOf(ctx, objectUri) : null;
  if (place === null) return null;
  if (place.kind === "proposals") return findProposal(ctx, Number(place.id));
  if (place.kind === "comments") return findComment(ctx, place.id);
  return findResponse(ctx, place.id);
}

type Objects = Array<[string, Found]>;

async function proposalsNow(ctx: Ctx, numbers: readonly string[]): Promise<Objects> {
  const found = await proposalsByNumbers(ctx, numbers.map(Number));
  const gathered = await gatherProposals(ctx, found.filter(isNumbered));
  return gathered.map((one) => [one.proposal.uri, document(proposalNote(one))]);
}

async function commentsNow(ctx: Ctx, ids: readonly string[]): Promise<Objects> {
  const comments = [...(await commentsByIds(ctx, ids)).values()];
  const gathered = await gatherComments(ctx, comments.filter(mayBeNote));
  const authors = await peopleByIds(
    ctx,
    comments.filter(({ _id }) => !gathered.has(_id)).map(({ authorId }) => authorId),
  );
  return comments.map((comment) => {
    const author = authors.get(comment.authorId) ?? null;
    return [comment.uri, commentFound(comment, author, gathered.get(comment._id) ?? null)];
  });
}

async function responsesNow(ctx: Ctx, ids: readonly string[]): Promise<Objects> {
  const responses = [...(await responsesByIds(ctx, ids)).values()];
  const proposals = await proposalsByIds(
    ctx,
    responses.map(({ proposalId }) => proposalId),
  );
  const { instance } = ctx;
  return responses.flatMap((response): Objects => {
    const proposal = proposals.get(response.proposalId);
    if (proposal === undefined) return [];
    return [[response.uri, document(responseNote({ instance, response, proposal, echo: null }))]];
  });
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
