import { commentById } from "../../features/comments/comments.js";
import { proposalByNumber } from "../../features/proposals/proposals.js";
import { responseById } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, collectionUri, type ActorCollection, type LocalActor } from "../addresses.js";
import { activitiesCollection, followingCollection } from "../records.js";
import { tombstone } from "../translate/comment.js";
import { activitiesNow } from "./activities.js";
import { actorRecord } from "./actors.js";
import {
  answersPage,
  answersToComment,
  answersToProposal,
  answersToResponse,
  type Answers,
} from "./echo.js";
import { findFeatured } from "./featured.js";
import { figureOf } from "./figures.js";
import { nothing, type Found } from "./found.js";
import { isNumbered } from "./gather.js";
import { findComment, findResponse } from "./objects.js";
import { countOnly, paged, pageOfRows } from "./paging.js";

/** The collections that every Note of ours has below its own address. */
export type NoteCollection = "replies" | "likes" | "shares";

/** One of the collections of a local actor. Who follows is counted, and never listed. */
export async function findActorCollection(
  ctx: Ctx,
  actor: LocalActor,
  name: Exclude<ActorCollection, "inbox">,
  after: string | null,
): Promise<Found> {
  const record = await actorRecord(ctx, actor);
  const id = collectionUri(ctx.instance, actor, name);
  if (record === "gone") {
    return { kind: "gone", body: tombstone(id, "OrderedCollection") };
  }
  if (record === null) return nothing;
  const uri = actorUri(ctx.instance, actor);
  const counted = (total: number): Found => countOnly({ id, total, ordered: true }, after);
  switch (name) {
    case "followers":
      return counted(await figureOf(ctx, { what: "followers", of: uri }));
    case "following":
      return counted(
        await ctx
          .collection(followingCollection)
          .countDocuments({ actorUri: uri, state: "accepted" }, { limit: 1_000 }),
      );
    case "featured":
      return after === null ? findFeatured(ctx, record, id) : nothing;
    case "outbox":
      return outbox(ctx, uri, id, after);
  }
}

async function outbox(ctx: Ctx, uri: string, id: string, from: string | null): Promise<Found> {
  const rows = ctx.collection(activitiesCollection);
  const where = { actorUri: uri, listed: true };
  return paged(
    {
      id,
      ordered: true,
      total: await figureOf(ctx, { what: "posts", of: uri }),
      async page(after) {
        const found = await pageOfRows(rows, { where, after, order: -1 });
        const now = await activitiesNow(ctx, found.rows);
        const items = now.flatMap((one) => (one.kind === "document" ? [one.body] : []));
        return { ...found, items };
      },
    },
    from,
  );
}

/** `replies`, `likes`, `shares` or `context` of a proposal. Who likes or boosts is counted only. */
export async function findProposalCollection(
  ctx: Ctx,
  number: number,
  name: NoteCollection | "context",
  after: string | null,
): Promise<Found> {
  const proposal = await proposalByNumber(ctx, number);
  if (!isNumbered(proposal)) return nothing;
  const { uri, counts } = proposal;
  if (name === "likes") {
    return countOnly({ id: `${uri}/likes`, ordered: false, total: counts.supports }, after);
  }
  if (name === "shares") return counted(ctx, uri, name, after);
  const whole = name === "context";
  const answers = await answersToProposal(ctx, proposal, whole);
  return listed(ctx, { id: `${uri}/${name}`, ordered: whole, answers }, after);
}

/** `replies`, `likes` or `shares` of a comment that is on the network. */
export async function findCommentCollection(
  ctx: Ctx,
  commentId: string,
  name: NoteCollection,
  after: string | null,
): Promise<Found> {
  const comment = await commentById(ctx, commentId);
  if (comment === null) return nothing;
  const id = `${comment.uri}/${name}`;
  const found = await findComment(ctx, commentId);
  if (found.kind === "gone") return { kind: "gone", body: tombstone(id, "Collection") };
  if (found.kind !== "document") return nothing;
  if (name !== "replies") return counted(ctx, comment.uri, name, after);
  const answers = await answersToComment(ctx, comment);
  return listed(ctx, { id, ordered: false, answers }, after);
}

/** `replies`, `likes` or `shares` of an official response that was given here. */
export async function findResponseCollection(
  ctx: Ctx,
  responseId: string,
  name: NoteCollection,
  after: string | null,
): Promise<Found> {
  const response = await responseById(ctx, responseId);
  const found = await findResponse(ctx, responseId);
  if (response === null || found.kind !== "document") return nothing;
  if (name !== "replies") return counted(ctx, response.uri, name, after);
  const answers = await answersToResponse(ctx, response);
  return listed(ctx, { id: `${response.uri}/replies`, ordered: false, answers }, after);
}

async function counted(
  ctx: Ctx,
  uri: string,
  name: "likes" | "shares",
  after: string | null,
): Promise<Found> {
  const total = await figureOf(ctx, { what: name === "likes" ? "like" : "announce", of: uri });
  return countOnly({ id: `${uri}/${name}`, ordered: false, total }, after);
}

function listed(
  ctx: Ctx,
  { id, ordered, answers }: { id: string; ordered: boolean; answers: Answers },
  from: string | null,
): Promise<Found> {
  const page = (after: string) => answersPage(ctx, answers, after);
  return paged({ id, ordered, total: answers.total, page }, from);
}
