import type { Person } from "../../features/people/person.js";
import type { Place, Proposal } from "../../features/proposals/proposal.js";
import { proposalPath } from "../../features/proposals/proposal.js";
import type { Response } from "../../features/responses/response.js";
import type { Topic } from "../../features/topics/topic.js";
import type { Instance } from "../../kit/index.js";
import { escapeHtml } from "../../kit/text/sanitize.js";
import { actorUri, collectionUri, hostOf } from "../addresses.js";
import type { Answerers } from "../answerers.js";
import { type As2, PUBLIC } from "../vocabulary.js";
import type { Echo } from "../documents/echo.js";
import { echoLines, quotable, quotableBy } from "./echo.js";
import { hashtagLink, link, mention } from "./html.js";
import { topicTag } from "./tags.js";
import { wordsOf } from "./words.js";

/** A proposal of this instance with all that its Note tells. */
export interface ProposalInPublic {
  readonly instance: Instance;
  readonly proposal: Proposal & { readonly number: number };
  readonly author: Person | null;
  readonly topic: Topic | null;
  readonly response: Response | null;
  /** Whose official responses this instance takes; see `answerersOf`. */
  readonly answerers: Answerers;
  /** Null on a page of many: each Note has it at its own address. */
  readonly echo: Echo | null;
}

type Say = ((p: ProposalInPublic) => object) | null;

/** One line per field of a proposal: what the network is told of it, or null for nothing. */
const asNote = {
  _id: null,
  origin: null, // only proposals of this instance are told from here
  number: (p) => ({ attributedTo: proposalActorUri(p), url: pageOf(p) }),
  uri: (p) => ({
    id: p.proposal.uri,
    context: `${p.proposal.uri}/context`,
    conversation: `${p.proposal.uri}/context`,
  }),
  title: null, // first line of `content`: a Note with a name passes for a vote on some servers
  body: null, // the extension's `text`
  html: (p) => ({ content: contentOf(p), contentMap: { [p.instance.language]: contentOf(p) } }),
  // A hashtag among the tags, and the group that boosts it (FEP-1b12).
  topicId: ({ instance, topic }) =>
    topic === null ? {} : { audience: instance.url(`/topics/${topic.slug}`) },
  place: ({ proposal: { place } }) => (place === null ? {} : { location: placeOf(place) }),
  authorId: (p) => ({ tag: tagsOf(p), to: [PUBLIC], cc: ccOf(p) }),
  elsewhere: null, // only proposals of this instance are told from here
  status: null, // second line of `content`, and in the extension
  counts: (p) => echoLines(p.proposal.uri, p.echo),
  warmth: null,
  publishedAt: ({ proposal }) => ({ published: proposal.publishedAt.toISOString() }),
  editedAt: (p) => {
    const at = lastChange(p);
    return at === null ? {} : { updated: at.toISOString() };
  },
  movedAt: null,
  withdrawnAt: null, // counted in `updated`
  deletedAt: null, // only proposals of elsewhere have it
  takenDown: null, // between the moderators and the author
  version: null,
  terms: null,
  importKey: null,
} satisfies Record<keyof Proposal, Say>;

/** The Note of a proposal: what other servers show of it. */
export function proposalNote(p: ProposalInPublic): As2 {
  const lines = Object.values(asNote as Record<string, Say>).map((say) => say?.(p) ?? {});
  return {
    type: "Note",
    ...(Object.assign({}, ...lines) as As2),
    sensitive: false,
    interactionPolicy:
      p.proposal.status === "withdrawn" ? quotableBy(proposalActorUri(p)) : quotable,
    civic: civicOf(p),
  };
}

/** What other instances of this software read. */
function civicOf(p: ProposalInPublic): As2 {
  const { proposal, instance, author } = p;
  const { answeredBy, answerers } = p.answerers;
  return {
    kind: "proposal",
    number: proposal.number,
    title: proposal.title,
    text: proposal.html,
    status: proposal.status,
    author: author === null ? wordsOf(instance.language).formerMember : author.name,
    instance: instance.name,
    of: instance.kind,
    answeredBy,
    ...(answerers === null ? {} : { answerers }),
    supports: proposal.counts.supports,
    comments: proposal.counts.comments,
  };
}

/** The proposal's own actor, to whom its Note is attributed. */
export function proposalActorUri(p: Pick<ProposalInPublic, "instance" | "proposal">): string {
  return actorUri(p.instance, { kind: "proposal", number: p.proposal.number });
}

function pageOf({ instance, proposal }: ProposalInPublic): string {
  return instance.url(proposalPath(proposal));
}

function contentOf(p: ProposalInPublic): string {
  const { instance, proposal } = p;
  const words = wordsOf(instance.language);
  const status = words.status[proposal.status];
  const from = words.proposedBy("");
  return [
    `<h2>${escapeHtml(proposal.title)}</h2>`,
    `<p><strong>${escapeHtml(status)}</strong> · ${escapeHtml(from)}${authorName(p)}</p>`,
    proposal.html,
    `<p>${link(pageOf(p), words.readOn(instance.name))}${topicLink(p)}</p>`,
  ].join("");
}

function authorName({ instance, author }: ProposalInPublic): string {
  if (author === null || author.erasedAt !== null) {
    return escapeHtml(wordsOf(instance.language).formerMember);
  }
  return author.federated && author.uri !== null
    ? `${escapeHtml(author.name)} (${mention(author.uri, author.handle)})`
    : escapeHtml(author.name);
}

function topicLink({ instance, topic }: ProposalInPublic): string {
  return topic === null ? "" : ` ${hashtagLink(instance.url(`/topics/${topic.slug}`), topic.name)}`;
}

function mentioned({ author }: ProposalInPublic): (Person & { uri: string }) | null {
  if (author === null || author.uri === null || !author.federated) return null;
  return author.erasedAt === null ? { ...author, uri: author.uri } : null;
}

function tagsOf(p: ProposalInPublic): As2[] {
  const { instance, topic } = p;
  const author = mentioned(p);
  const host = hostOf(instance.origin);
  const ofTopic = topic === null ? [] : [topicTag(instance, topic)];
  const authorTag =
    author === null
      ? []
      : [{ type: "Mention", href: author.uri, name: `@${author.handle}@${host}` }];
  return [...ofTopic, ...authorTag];
}

function ccOf(p: ProposalInPublic): string[] {
  const followers = collectionUri(
    p.instance,
    { kind: "proposal", number: p.proposal.number },
    "followers",
  );
  const author = mentioned(p);
  return author === null ? [followers] : [followers, author.uri];
}

function placeOf(place: Place): As2 {
  const { name, latitude, longitude } = place;
  const spot = latitude === null || longitude === null ? {} : { latitude, longitude };
  return { type: "Place", name, ...spot };
}

/** When its text or status last changed: Mastodon takes a newer `updated` for an edit. */
export function lastChange({
  proposal,
  response,
}: Pick<ProposalInPublic, "proposal" | "response">): Date | null {
  const times = [
    proposal.editedAt,
    proposal.withdrawnAt,
    response?.publishedAt ?? null,
    response?.editedAt ?? null,
    ...(response?.milestones ?? []).map((milestone) => milestone.doneAt),
  ].filter((time) => time !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}
