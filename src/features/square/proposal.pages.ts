import type {
  PersonView,
  ResponseBox,
  StatusView,
  SupportBox,
} from "../../kit/component-models.js";
import {
  definePage,
  hasRole,
  head,
  signInPath,
  type Ctx,
  type OwnServerView,
  type PageModel,
  followHandle,
  ownServer,
  remoteActs,
} from "../../kit/index.js";
import { markSafe, type SafeHtml } from "../../kit/safe-html.js";
import { plainText } from "../../kit/text/markdown.js";
import { isFollowing } from "../follows/follows.js";
import { personById } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { statusView, titleOf, topicLink } from "../proposals/cards.js";
import { mayEdit, mayWithdraw, proposalPath, type Proposal } from "../proposals/proposal.js";
import { refOf } from "../proposals/proposal-ref.js";
import { whoseToAnswer } from "../responses/response.js";
import { responseTo } from "../responses/responses.js";
import { responseBox } from "../responses/response-view.js";
import { supportedAmong } from "../supports/supports.js";
import { topicsByIds } from "../topics/topics.js";

import { discussionModel, type DiscussionView, type Reading } from "./discussion.pages.js";

/** Something that can be followed, as its button needs it. */
export interface FollowView {
  /** Address that a POST follows or unfollows at; null for a visitor. */
  readonly action: string | null;
  readonly following: boolean;
  readonly signInUrl: string | null;
  /** Handle to follow it by from another server; null when it has none here. */
  readonly handle: string | null;
}

/** The page of one proposal. */
export interface ProposalPage extends PageModel {
  readonly number: number | null;
  readonly title: string;
  readonly status: StatusView;
  readonly topic: { readonly name: string; readonly url: string } | null;
  readonly author: PersonView;
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
  readonly historyUrl: string | null;
  readonly body: SafeHtml;
  readonly place: string | null;
  readonly withdrawnAt: Date | null;
  /** The site a linked instance's proposal lives on. */
  readonly home: { readonly name: string; readonly url: string } | null;
  readonly support: SupportBox;
  readonly follow: FollowView;
  readonly ownServer: OwnServerView | null;
  readonly response: ResponseBox | null;
  /** Where an official answers, while nobody has. */
  readonly answerUrl: string | null;
  readonly editUrl: string | null;
  readonly withdrawUrl: string | null;
  readonly reportUrl: string | null;
  readonly commentCount: number;
  readonly discussion: DiscussionView;
}

export const proposalPage = definePage<ProposalPage>("square/proposal");

/** Everything about one proposal, for the person who reads it. */
export async function proposalModel(
  ctx: Ctx,
  proposal: Proposal,
  reading: Reading,
): Promise<ProposalPage> {
  const { member } = ctx;
  const [topics, author, response, supported, following, discussion] = await Promise.all([
    topicsByIds(ctx, [proposal.topicId]),
    proposal.authorId === null ? null : personById(ctx, proposal.authorId),
    responseTo(ctx, proposal._id),
    member === null ? new Set<string>() : supportedAmong(ctx, member._id, [proposal._id]),
    isFollowing(ctx, "proposal", proposal._id),
    discussionModel(ctx, proposal, reading),
  ]);
  const facts = factsOf(ctx, proposal);
  return {
    ...facts,
    head: { ...facts.head, creator: await creatorOf(ctx, proposal, author) },
    topic: topicLink(topics.get(proposal.topicId ?? "")),
    author: authorView(ctx, proposal, author),
    support: supportBox(ctx, proposal, supported.has(proposal._id)),
    follow: await followView(ctx, proposal, following),
    ownServer: await ownServer(ctx, proposalPath(proposal), {
      acts: proposal.status === "withdrawn" ? ["follow"] : remoteActs,
      home: proposal.uri,
    }),
    response: response === null ? null : responseBox(ctx, response),
    ...actionsOf(ctx, proposal, response !== null),
    discussion,
  };
}

function factsOf(ctx: Ctx, proposal: Proposal) {
  const { number, status, publishedAt, editedAt, html, place, elsewhere, counts } = proposal;
  const { withdrawnAt } = proposal;
  const title = titleOf(ctx, proposal);
  const path = proposalPath(proposal);
  return {
    head: head(title, {
      description: plainText(html, 160),
      canonical: elsewhere?.url ?? ctx.instance.url(path),
      alternateActivity: proposal.uri,
      noIndex: elsewhere !== null,
    }),
    ...{ number, title, publishedAt, editedAt, withdrawnAt },
    status: statusView(ctx, status),
    historyUrl: elsewhere === null && editedAt !== null ? `${path}/history` : null,
    body: markSafe(html),
    place: place === null || place.name === "" ? null : place.name,
    home: elsewhere === null ? null : { name: elsewhere.instanceName, url: elsewhere.url },
    commentCount: counts.comments,
  };
}

/** Authors who agreed to be on the network are named to those who share the page there. */
async function creatorOf(
  ctx: Ctx,
  { elsewhere }: Proposal,
  author: Awaited<ReturnType<typeof personById>>,
): Promise<string | null> {
  if (elsewhere !== null || author === null || author.origin !== "here") return null;
  const named = author.federated && author.erasedAt === null;
  return named ? followHandle(ctx, author.handle) : null;
}

function authorView(ctx: Ctx, { elsewhere }: Proposal, author: Parameters<typeof personView>[1]) {
  if (elsewhere === null) return personView(ctx, author);
  return { name: elsewhere.authorName, url: null, host: elsewhere.host, role: null };
}

function supportBox(ctx: Ctx, proposal: Proposal, supported: boolean): SupportBox {
  const { supports, supportsHere, supportsElsewhere } = proposal.counts;
  const open = proposal.status !== "withdrawn";
  const path = proposalPath(proposal);
  const origins = [
    { label: ctx.t.t("square.support.here"), count: supportsHere },
    { label: ctx.t.t("square.support.elsewhere"), count: supportsElsewhere },
  ];
  return {
    count: supports,
    origins: supportsElsewhere > 0 ? origins : [],
    action: open && ctx.member !== null ? `/proposals/${refOf(proposal)}/support` : null,
    supported,
    signInUrl: open && ctx.member === null ? signInPath(path) : null,
    closed: open ? null : ctx.t.t("square.support.closed"),
  };
}

async function followView(ctx: Ctx, proposal: Proposal, following: boolean): Promise<FollowView> {
  const act = following ? "unfollow" : "follow";
  return {
    action: ctx.member === null ? null : `/proposals/${refOf(proposal)}/${act}`,
    following,
    signInUrl: ctx.member === null ? signInPath(proposalPath(proposal)) : null,
    handle: proposal.number === null ? null : await followHandle(ctx, `p${proposal.number}`),
  };
}

function actionsOf(ctx: Ctx, proposal: Proposal, answered: boolean) {
  const path = proposalPath(proposal);
  const ours = proposal.origin === "here" && proposal.status !== "withdrawn";
  const stands = proposal.status !== "withdrawn";
  const isOurs = whoseToAnswer(ctx.instance, proposal) !== "theirs";
  const mayAnswer = stands && !answered && isOurs && hasRole(ctx.member, "official");
  return {
    answerUrl: mayAnswer ? `/proposals/${refOf(proposal)}/answer` : null,
    editUrl: ours && mayEdit(ctx.member, proposal) ? `${path}/edit` : null,
    withdrawUrl: ours && mayWithdraw(ctx.member, proposal) ? `${path}/withdraw` : null,
    reportUrl:
      stands && !mayEdit(ctx.member, proposal) ? `/proposals/${refOf(proposal)}/report` : null,
  };
}
