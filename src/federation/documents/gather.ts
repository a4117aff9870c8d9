import type { Comment } from "../../features/comments/comment.js";
import { commentById } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import type { Person } from "../../features/people/person.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { proposalById } from "../../features/proposals/proposals.js";
import type { Response } from "../../features/responses/response.js";
import { responseTo } from "../../features/responses/responses.js";
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

type Numbered = Proposal & { readonly number: number };

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
  const [author, topics, response, answeredBy, echo] = await Promise.all([
    proposal.authorId === null ? null : personById(ctx, proposal.authorId),
    topicsByIds(ctx, [proposal.topicId]),
    responseTo(ctx, proposal._id),
    answerersOf(ctx),
    echoOf(ctx, proposal.uri, await answersToProposal(ctx, proposal)),
  ]);
  const topic = proposal.topicId === null ? null : (topics.get(proposal.topicId) ?? null);
  const likes = proposal.counts.supports;
  const { instance } = ctx;
  return { instance, proposal, author, topic, response, answeredBy, echo: { ...echo, likes } };
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
  const [author, proposal, parent] = await Promise.all([
    personById(ctx, comment.authorId),
    proposalById(ctx, comment.proposalId),
    comment.parentId === null ? null : commentById(ctx, comment.parentId),
  ]);
  if (!isSaidOnNetwork(author, comment) || proposal === null) return null;
  const answered = parent === null ? null : await personById(ctx, parent.authorId);
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
    echo: await echoOf(ctx, comment.uri, await answersToComment(ctx, comment)),
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
