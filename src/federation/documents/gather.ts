import type { Comment } from "../../features/comments/comment.js";
import { commentsByIds } from "../../features/comments/comments.js";
import { peopleByIds } from "../../features/people/people.js";
import type { Person } from "../../features/people/person.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { proposalsByIds } from "../../features/proposals/proposals.js";
import type { Response } from "../../features/responses/response.js";
import { responsesTo } from "../../features/responses/responses.js";
import { topicsByIds } from "../../features/topics/topics.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, collectionUri, hostOf } from "../addresses.js";
import { answerersOf } from "../answerers.js";
import type { CommentInPublic } from "../translate/comment.js";
import type { ProposalInPublic } from "../translate/proposal.js";
import type { ResponseInPublic } from "../translate/response.js";
import { answersToComment, answersToProposal, answersToResponse, echoOf } from "./echo.js";
import { isOnNetwork, isSaidOnNetwork } from "./on-network.js";
import { wordsOf } from "../translate/words.js";

/** A proposal of this instance. */
export type Numbered = Proposal & { readonly number: number };

/** True for a proposal of this instance. */
export function isNumbered(proposal: Proposal | null): proposal is Numbered {
  return proposal !== null && proposal.origin === "here" && proposal.number !== null;
}

/** Somebody whom a note may call by name: an actor elsewhere, or a member while they agree to it. */
function isMentionable(person: Person | null): person is Person & { uri: string } {
  if (person?.origin === "here") return isOnNetwork(person);
  return person !== null && person.uri !== null && person.erasedAt === null;
}

/** All that the Note of a proposal tells. */
export async function gatherProposal(ctx: Ctx, proposal: Numbered): Promise<ProposalInPublic> {
  const [[gathered], answers] = await Promise.all([
    gatherProposals(ctx, [proposal]),
    answersToProposal(ctx, proposal),
  ]);
  if (gathered === undefined) throw new Error("what was given was not gathered");
  const echo = await echoOf(ctx, proposal.uri, answers);
  return { ...gathered, echo: { ...echo, likes: proposal.counts.supports } };
}

/** What the Notes of proposals tell but for their echo, in a few queries for all of them. */
export async function gatherProposals(
  ctx: Ctx,
  proposals: readonly Numbered[],
): Promise<ProposalInPublic[]> {
  if (proposals.length === 0) return [];
  const of = <T>(key: (proposal: Numbered) => T): T[] => proposals.map(key);
  const [authors, topics, responses, answerers] = await Promise.all([
    peopleByIds(
      ctx,
      of(({ authorId }) => authorId),
    ),
    topicsByIds(
      ctx,
      of(({ topicId }) => topicId),
    ),
    responsesTo(
      ctx,
      of(({ _id }) => _id),
    ),
    answerersOf(ctx),
  ]);
  return proposals.map((proposal) => ({
    ...{ instance: ctx.instance, proposal, answerers, echo: null },
    author: authors.get(proposal.authorId ?? "") ?? null,
    topic: topics.get(proposal.topicId ?? "") ?? null,
    response: responses.get(proposal._id) ?? null,
  }));
}

/** All that the Note of an official response tells. */
export async function gatherResponse(
  ctx: Ctx,
  response: Response,
  proposal: Proposal,
): Promise<ResponseInPublic> {
  const echo = await echoOf(ctx, response.uri, await answersToResponse(ctx, response));
  return { instance: ctx.instance, response, proposal, echo };
}

/** All that the Note of a comment tells; null when its author is not on the network. */
export async function gatherComment(ctx: Ctx, comment: Comment): Promise<CommentInPublic | null> {
  const gathered = (await gatherComments(ctx, [comment])).get(comment._id);
  if (gathered === undefined) return null;
  return {
    ...gathered,
    echo: await echoOf(ctx, comment.uri, await answersToComment(ctx, comment)),
  };
}

/**
 * What the Notes of comments tell but for their echo, by the comment's id, in a few queries for all
 * of them; without those whose authors are not on the network.
 */
export async function gatherComments(
  ctx: Ctx,
  comments: readonly Comment[],
): Promise<Map<string, CommentInPublic>> {
  const [authors, proposals, parents] = await Promise.all([
    peopleByIds(
      ctx,
      comments.map(({ authorId }) => authorId),
    ),
    proposalsByIds(
      ctx,
      comments.map(({ proposalId }) => proposalId),
    ),
    commentsByIds(
      ctx,
      comments.flatMap(({ parentId }) => parentId ?? []),
    ),
  ]);
  const answered = await peopleByIds(
    ctx,
    [...parents.values()].map(({ authorId }) => authorId),
  );
  const all = comments.map((comment) => {
    const parent = parents.get(comment.parentId ?? "") ?? null;
    return commentInPublic(ctx, comment, {
      author: authors.get(comment.authorId) ?? null,
      proposal: proposals.get(comment.proposalId) ?? null,
      parent,
      answered: answered.get(parent?.authorId ?? "") ?? null,
    });
  });
  return new Map(all.flatMap((one) => (one === null ? [] : [[one.comment._id, one]])));
}

/** What a comment is told together with. */
interface Around {
  readonly author: Person | null;
  readonly proposal: Proposal | null;
  readonly parent: Comment | null;
  /** Who wrote what it answers. */
  readonly answered: Person | null;
}

function commentInPublic(
  ctx: Ctx,
  comment: Comment,
  { author, proposal, parent, answered }: Around,
): CommentInPublic | null {
  if (!isSaidOnNetwork(author, comment) || proposal === null) return null;
  const about = aboutProposal(ctx, proposal);
  const whom = isMentionable(answered)
    ? [{ uri: answered.uri, handle: handleOf(ctx, answered) }]
    : [];
  return {
    instance: ctx.instance,
    comment: asRead(ctx, comment),
    author,
    inReplyTo: parent?.uri ?? proposal.uri,
    told: [about.actor, ...whom],
    followers: [
      ...about.followers,
      collectionUri(ctx.instance, { kind: "person", handle: author.handle }, "followers"),
    ],
    proposalUri: proposal.uri,
    echo: null,
  };
}

/** What a moderator hid reads as such, and both hiding and showing again are news of that moment. */
function asRead(ctx: Ctx, comment: Comment): Comment {
  const { state, handled, editedAt } = comment;
  if (handled?.what !== "hidden" && handled?.what !== "shown-again") return comment;
  const latest = editedAt === null || editedAt < handled.at ? handled.at : editedAt;
  const html = `<p>${wordsOf(ctx.instance.language).hidden}</p>`;
  return { ...comment, editedAt: latest, ...(state === "hidden" ? { html } : {}) };
}

function aboutProposal(ctx: Ctx, proposal: Proposal) {
  if (isNumbered(proposal)) {
    const actor = { kind: "proposal", number: proposal.number } as const;
    const handle = `p${proposal.number}@${hostOf(ctx.instance.origin)}`;
    return {
      actor: { uri: actorUri(ctx.instance, actor), handle },
      followers: [collectionUri(ctx.instance, actor, "followers")],
    };
  }
  const uri = proposal.elsewhere?.actorUri ?? proposal.uri;
  const handle = `p${proposal.elsewhere?.number ?? 0}@${proposal.elsewhere?.host ?? ""}`;
  return { actor: { uri, handle }, followers: [] };
}

function handleOf(ctx: Ctx, person: Person): string {
  return person.origin === "elsewhere"
    ? person.handle
    : `${person.handle}@${hostOf(ctx.instance.origin)}`;
}
