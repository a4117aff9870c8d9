import type { Comment } from "../../features/comments/comment.js";
import { commentById, commentsCollection } from "../../features/comments/comments.js";
import { peopleByIds } from "../../features/people/people.js";
import { proposalByNumber } from "../../features/proposals/proposals.js";
import { responseTo } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, collectionUri, type ActorCollection, type LocalActor } from "../addresses.js";
import {
  activitiesCollection,
  followersCollection,
  followingCollection,
  reactionsCollection,
} from "../records.js";
import type { ActorRecord } from "../translate/actor.js";
import { proposalNote } from "../translate/proposal.js";
import { actorRecord } from "./actors.js";
import { document, nothing, type Found } from "./found.js";
import { gatherProposal, isNumbered, isSaidOnNetwork } from "./gather.js";
import { activityNow } from "./objects.js";

/** Items on a page of a collection. */
export const pageSize = 20;

/** Counts stop here: beyond it nobody reads the figure, and counting would cost. */
const mostCounted = 100_000;

interface Page {
  readonly items: readonly unknown[];
  /** Where the next page begins, or null. */
  readonly next: string | null;
}

interface Listing {
  readonly id: string;
  readonly ordered: boolean;
  readonly total: number;
  readonly page: (after: string | null) => Promise<Page>;
}

/** A collection with its first page inside, or one of its pages. Cost: one page, whatever its size. */
async function paged(listing: Listing, after: string | null): Promise<Found> {
  const { id, ordered, total } = listing;
  const prefix = ordered ? "Ordered" : "";
  const { items, next } = await listing.page(after === "" ? null : after);
  const page = {
    id: `${id}?page=${encodeURIComponent(after ?? "")}`,
    type: `${prefix}CollectionPage`,
    partOf: id,
    ...(next === null ? {} : { next: `${id}?page=${encodeURIComponent(next)}` }),
    [ordered ? "orderedItems" : "items"]: items,
  };
  if (after !== null) return document(page);
  return document({ id, type: `${prefix}Collection`, totalItems: total, first: page });
}

function countOnly(id: string, total: number, ordered = true): Found {
  return document({ id, type: ordered ? "OrderedCollection" : "Collection", totalItems: total });
}

/** One of the collections of a local actor. Who follows is counted, and never listed. */
export async function findActorCollection(
  ctx: Ctx,
  actor: LocalActor,
  name: Exclude<ActorCollection, "inbox">,
  after: string | null,
): Promise<Found> {
  const record = await actorRecord(ctx, actor);
  if (record === null || record === "gone") return nothing;
  const uri = actorUri(ctx.instance, actor);
  const id = collectionUri(ctx.instance, actor, name);
  const limit = { limit: mostCounted };
  switch (name) {
    case "followers":
      return countOnly(
        id,
        await ctx.collection(followersCollection).countDocuments({ actorUri: uri }, limit),
      );
    case "following":
      return countOnly(
        id,
        await ctx
          .collection(followingCollection)
          .countDocuments({ actorUri: uri, state: "accepted" }, limit),
      );
    case "featured":
      return featured(ctx, record, id);
    case "outbox":
      return outbox(ctx, uri, id, after);
  }
}

/** What an actor pins: a proposal's actor its Note, the others nothing. */
async function featured(ctx: Ctx, record: ActorRecord, id: string): Promise<Found> {
  const orderedItems =
    record.kind === "proposal" ? [proposalNote(await gatherProposal(ctx, record.proposal))] : [];
  const totalItems = orderedItems.length;
  return document({ id, type: "OrderedCollection", totalItems, orderedItems });
}

async function outbox(ctx: Ctx, uri: string, id: string, after: string | null): Promise<Found> {
  const rows = ctx.collection(activitiesCollection);
  const own = { actorUri: uri, listed: true };
  return paged(
    {
      id,
      ordered: true,
      total: await rows.countDocuments(own, { limit: mostCounted }),
      async page(before) {
        const filter = before === null ? own : { ...own, _id: { $lt: before } };
        const found = await rows.find(filter, { sort: { _id: -1 }, limit: pageSize + 1 }).toArray();
        const shown = found.slice(0, pageSize);
        const next = found.length > pageSize ? (shown.at(-1)?._id ?? null) : null;
        const now = await Promise.all(shown.map((activity) => activityNow(ctx, activity)));
        return { items: now.flatMap((one) => (one.kind === "document" ? [one.body] : [])), next };
      },
    },
    after,
  );
}

/** `replies`, `likes`, `shares` or `context` of a proposal. */
export async function findProposalCollection(
  ctx: Ctx,
  number: number,
  name: string,
  after: string | null,
): Promise<Found> {
  const proposal = await proposalByNumber(ctx, number);
  if (!isNumbered(proposal)) return nothing;
  const id = `${proposal.uri}/${name}`;
  if (name === "likes") return countOnly(id, proposal.counts.supports, false);
  if (name === "shares") {
    const total = await ctx
      .collection(reactionsCollection)
      .countDocuments({ objectUri: proposal.uri, kind: "announce" }, { limit: mostCounted });
    return countOnly(id, total, false);
  }
  const isContext = name === "context";
  const response = await responseTo(ctx, proposal._id);
  const lead = [...(isContext ? [proposal.uri] : []), ...(response === null ? [] : [response.uri])];
  const where = isContext
    ? { proposalId: proposal._id }
    : { proposalId: proposal._id, parentId: null };
  return paged(
    {
      id,
      ordered: isContext,
      total: proposal.counts.comments + lead.length,
      page: (from) => commentPage(ctx, where, from, lead),
    },
    after,
  );
}

/** The answers to a comment. */
export async function findCommentReplies(
  ctx: Ctx,
  commentId: string,
  after: string | null,
): Promise<Found> {
  const comment = await commentById(ctx, commentId);
  if (comment === null || comment.origin === "elsewhere") return nothing;
  const where = { proposalId: comment.proposalId, parentId: comment._id };
  const total = await ctx
    .collection(commentsCollection)
    .countDocuments({ ...where, state: "shown" }, { limit: mostCounted });
  return paged(
    {
      id: `${comment.uri}/replies`,
      ordered: false,
      total,
      page: (from) => commentPage(ctx, where, from, []),
    },
    after,
  );
}

async function commentPage(
  ctx: Ctx,
  where: { proposalId: string; parentId?: string | null },
  after: string | null,
  lead: readonly string[],
): Promise<Page> {
  const found = await ctx
    .collection(commentsCollection)
    .find({ ...where, _id: { $gt: after ?? "" } }, { sort: { _id: 1 }, limit: pageSize + 1 })
    .toArray();
  const shown = found.slice(0, pageSize).filter(({ state }) => state === "shown");
  const next = found.length > pageSize ? (found[pageSize - 1]?._id ?? null) : null;
  const items = await onNetwork(ctx, shown);
  return { items: after === null ? [...lead, ...items] : items, next };
}

/** The ids of the comments whose authors are on the network. */
async function onNetwork(ctx: Ctx, comments: readonly Comment[]): Promise<string[]> {
  const authors = await peopleByIds(
    ctx,
    comments.map(({ authorId }) => authorId),
  );
  return comments
    .filter((comment) => {
      const author = authors.get(comment.authorId) ?? null;
      return comment.origin === "elsewhere" || isSaidOnNetwork(author, comment);
    })
    .map(({ uri }) => uri);
}
