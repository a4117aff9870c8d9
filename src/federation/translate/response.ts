import type { Proposal } from "../../features/proposals/proposal.js";
import { proposalPath } from "../../features/proposals/proposal.js";
import type { Milestone, Response } from "../../features/responses/response.js";
import { createFormats } from "../../kit/i18n/index.js";
import type { Instance } from "../../kit/index.js";
import { escapeHtml } from "../../kit/text/sanitize.js";
import { actorUri, city, collectionUri, hostOf } from "../addresses.js";
import { type As2, PUBLIC } from "../vocabulary.js";
import type { Echo } from "../documents/echo.js";
import { echoLines, quotable } from "./echo.js";
import { link } from "./html.js";
import { wordsOf } from "./words.js";

/** An official response with the proposal it answers. */
export interface ResponseInPublic {
  readonly instance: Instance;
  readonly response: Response;
  readonly proposal: Pick<Proposal, "_id" | "number" | "uri" | "title" | "elsewhere">;
  /** Null on a page of many: each Note has it at its own address. */
  readonly echo: Echo | null;
}

type Say = ((r: ResponseInPublic) => object) | null;

/** One line per field of a response: what the network is told of it, or null for nothing. */
const asNote = {
  _id: (r) => ({ url: r.instance.url(`/responses/${r.response._id}`) }),
  uri: (r) => ({ id: r.response.uri, ...echoLines(r.response.uri, r.echo) }),
  proposalId: (r) => ({
    inReplyTo: r.proposal.uri,
    context: `${r.proposal.uri}/context`,
    conversation: `${r.proposal.uri}/context`,
    tag: [mentionOf(r)],
    cc: [collectionUri(r.instance, city, "followers"), answeredActor(r)],
  }),
  office: null, // said in `content` and in the extension
  authorId: (r) => ({ attributedTo: actorUri(r.instance, city) }), // the city speaks, not the clerk
  saidBy: null, // only responses of elsewhere have it
  decision: null, // said in `content` and in the extension
  body: null,
  html: (r) => ({ content: contentOf(r), contentMap: { [r.instance.language]: contentOf(r) } }),
  milestones: null, // said in `content` and in the extension
  publishedAt: ({ response }) => ({ published: response.publishedAt.toISOString() }),
  editedAt: ({ response }) => {
    const at = changedAt(response);
    return at === null ? {} : { updated: at.toISOString() };
  },
} satisfies Record<keyof Response, Say>;

/** The Note of an official response, by the city's actor. */
export function responseNote(r: ResponseInPublic): As2 {
  const lines = Object.values(asNote as Record<string, Say>).map((say) => say?.(r) ?? {});
  return {
    type: "Note",
    ...(Object.assign({}, ...lines) as As2),
    to: [PUBLIC],
    sensitive: false,
    interactionPolicy: quotable,
    civic: {
      kind: "response",
      office: r.response.office,
      decision: r.response.decision,
      text: r.response.html,
      milestones: r.response.milestones.map(milestoneOf),
    },
  };
}

function milestoneOf({ _id, title, due, doneAt }: Milestone): As2 {
  return { id: _id, title, due, doneAt: doneAt?.toISOString() ?? null };
}

function answeredActor({ instance, proposal }: ResponseInPublic): string {
  return proposal.number === null
    ? (proposal.elsewhere?.actorUri ?? proposal.uri)
    : actorUri(instance, { kind: "proposal", number: proposal.number });
}

function mentionOf(r: ResponseInPublic): As2 {
  const host = r.proposal.elsewhere?.host ?? hostOf(r.instance.origin);
  const number = r.proposal.number ?? r.proposal.elsewhere?.number ?? 0;
  return { type: "Mention", href: answeredActor(r), name: `@p${number}@${host}` };
}

function contentOf({ instance, response, proposal }: ResponseInPublic): string {
  const words = wordsOf(instance.language);
  const steps = response.milestones.map(
    (milestone) => `<li>${escapeHtml(milestone.title + whenOf(instance, milestone))}</li>`,
  );
  return [
    `<p><strong>${escapeHtml(words.answerOf(response.office))}</strong></p>`,
    `<p>${link(instance.url(proposalPath(proposal)), proposal.title)}${words.colon}`,
    `<strong>${escapeHtml(words.decision[response.decision])}</strong></p>`,
    response.html,
    steps.length === 0 ? "" : `<ul>${steps.join("")}</ul>`,
  ].join("");
}

/** The day on which a step was done, or else is due, as people write it. */
function whenOf({ language, timezone }: Instance, { due, doneAt }: Milestone): string {
  const words = wordsOf(language);
  if (doneAt !== null) {
    return ` (${words.done(createFormats(language, timezone).formatDate(doneAt))})`;
  }
  if (due === null) return "";
  return ` (${words.due(createFormats(language, "UTC").formatDate(new Date(`${due}T12:00:00Z`)))})`;
}

/** When an answer or one of its steps last changed, or null. */
export function changedAt(response: Response): Date | null {
  const times = [response.editedAt, ...response.milestones.map(({ doneAt }) => doneAt)].filter(
    (time) => time !== null,
  );
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}
