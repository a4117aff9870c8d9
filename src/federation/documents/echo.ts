import type { Comment } from "../../features/comments/comment.js";
import { commentsCollection } from "../../features/comments/comments.js";
import { peopleByIds } from "../../features/people/people.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { responseTo } from "../../features/responses/responses.js";
import type { Response } from "../../features/responses/response.js";
import type { Ctx } from "../../kit/index.js";
import { activitiesCollection } from "../records.js";
import { figureOf } from "./figures.js";
import { isSaidOnNetwork } from "./on-network.js";
import { pageOfRows, type Page } from "./paging.js";

/** What others made of something: its answers, the first page of them, favourites and boosts. */
export interface Echo {
  readonly replies: number;
  readonly first: Page;
  readonly likes: number;
  readonly shares: number;
}

/** Answers that are listed: which comments, and what stands before them on the first page. */
export interface Answers {
  readonly where: object;
  readonly lead: readonly string[];
  readonly total: number;
}

/** Short notes about where a proposal stands that are listed: far more than its life gives rise to. */
const mostNews = 50;

/** The short notes by which a proposal's own actor told where it stands, the oldest first. */
async function newsOf(ctx: Ctx, proposalUri: string): Promise<string[]> {
  const begin = `${proposalUri}/notes/`;
  const told = await ctx
    .collection(activitiesCollection)
    .find(
      { objectUri: { $gt: begin, $lt: `${begin}~` }, type: "Create" },
      { sort: { objectUri: 1 }, limit: mostNews, projection: { objectUri: 1 } },
    )
    .toArray();
  return told.map(({ objectUri }) => objectUri);
}

/**
 * What answers a proposal: the official response, and the short notes about where it stands, first.
 * With `whole`, all of its discussion.
 */
export async function answersToProposal(
  ctx: Ctx,
  proposal: Proposal,
  whole = false,
): Promise<Answers> {
  const [response, notes] = await Promise.all([
    responseTo(ctx, proposal._id),
    newsOf(ctx, proposal.uri),
  ]);
  const answer = response === null ? [] : [response.uri];
  const lead = [...(whole ? [proposal.uri] : []), ...answer, ...notes];
  const under = whole ? {} : { parentId: null };
  return {
    where: { proposalId: proposal._id, ...under, state: "shown" },
    lead,
    total: proposal.counts.comments + lead.length,
  };
}

/** What answers a comment. */
export async function answersToComment(ctx: Ctx, { _id, proposalId }: Comment): Promise<Answers> {
  const total = await figureOf(ctx, { what: "answers-to-comment", of: _id });
  return { where: { proposalId, parentId: _id, state: "shown" }, lead: [], total };
}

/** What answers an official response: replies that name it, which all come from elsewhere. */
export async function answersToResponse(ctx: Ctx, { uri }: Response): Promise<Answers> {
  const total = await figureOf(ctx, { what: "answers", of: uri });
  return { where: { answers: uri, state: "shown" }, lead: [], total };
}

/** A page of answers: those whose authors are on the network, by their ids. */
export async function answersPage(
  ctx: Ctx,
  { where, lead }: Answers,
  after: string,
): Promise<Page> {
  const asked = { where, after, order: 1 } as const;
  const { rows, prev, next } = await pageOfRows(ctx.collection(commentsCollection), asked);
  const items = await networkIds(ctx, rows);
  return { items: after === "" ? [...lead, ...items] : items, prev, next };
}

/** The ids of the comments whose authors are on the network. */
async function networkIds(ctx: Ctx, comments: readonly Comment[]): Promise<string[]> {
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

/** What others made of something, given what answers it. */
export async function echoOf(ctx: Ctx, uri: string, answers: Answers): Promise<Echo> {
  const [first, likes, shares] = await Promise.all([
    answersPage(ctx, answers, ""),
    figureOf(ctx, { what: "like", of: uri }),
    figureOf(ctx, { what: "announce", of: uri }),
  ]);
  return { replies: answers.total, first, likes, shares };
}
