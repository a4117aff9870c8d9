import type { LinkChoice, PersonView } from "../../kit/component-models.js";
import { definePage, head, type Ctx, type PageModel, type Slice } from "../../kit/index.js";
import { markSafe, type SafeHtml } from "../../kit/safe-html.js";
import { plainText } from "../../kit/text/markdown.js";
import type { Comment } from "../comments/comment.js";
import { commentsByIds } from "../comments/comments.js";
import { wordingOf } from "../comments/handling.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { blockedAmong } from "../people/standing.js";
import { titleOf } from "../proposals/cards.js";
import { faultChoices } from "../proposals/fault.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalsByIds } from "../proposals/proposals.js";
import type { Decision } from "./decision.js";
import { listHeld, listRefused, waitingCounts } from "./queue.js";
import {
  heldSupportRows,
  supportRows,
  type HeldSupportRow,
  type SupportRow,
} from "./supports.pages.js";

/** A comment as moderators see it. */
export interface HandledView {
  readonly id: string;
  readonly author: PersonView;
  readonly publishedAt: Date;
  /** Null when no word of it was kept. */
  readonly body: SafeHtml | null;
  readonly why: readonly string[];
  readonly note: string;
  /** Who decided, when it was a moderator. */
  readonly by: string | null;
  readonly proposal: { readonly title: string; readonly url: string } | null;
  /** What it answers, when that is another comment. */
  readonly answers: { readonly name: string; readonly words: string } | null;
  readonly action: string;
  readonly wording: string;
  readonly canRelease: boolean;
  /** An author of here reads what the moderator says. */
  readonly origin: Comment["origin"];
  readonly canBlock: boolean;
  /** Where its author is listened to again, when they are blocked. */
  readonly unblockAction: string | null;
}

/** A reason that can be chosen. */
export type Choice = ReturnType<typeof faultChoices>[number];

/** What each page for moderators begins with. */
export interface ModerationPage extends PageModel {
  readonly tabs: readonly LinkChoice[];
  readonly next: string | null;
  /** Back to the first page; null when there. */
  readonly start: string | null;
}

/** Comments that wait for a moderator. */
export interface HeldPage extends ModerationPage {
  readonly items: readonly HandledView[];
  readonly reasons: readonly Choice[];
  readonly supports: readonly HeldSupportRow[];
}

/** Comments and supports that were refused lately. */
export interface RefusedPage extends ModerationPage {
  readonly items: readonly HandledView[];
  readonly supports: readonly SupportRow[];
}

export const heldPage = definePage<HeldPage>("moderation/held");
export const refusedPage = definePage<RefusedPage>("moderation/refused");

/** Where moderators work. */
export const moderationPath = "/admin/moderation";
/** Things on one page. */
export const perPage = 20;

const parts = ["held", "reports", "refused", "log"] as const;

/** One of the pages for moderators. */
export type Part = (typeof parts)[number];

/** The address of one of the pages. */
export function partPath(part: Part): string {
  return part === "held" ? moderationPath : `${moderationPath}/${part}`;
}

/** The head, the tabs with what waits behind each, and the addresses of other pages of the list. */
export async function frameOf(
  ctx: Ctx,
  current: Part,
  after: string | null,
  { next }: Slice<unknown>,
): Promise<ModerationPage> {
  const counts: Partial<Record<Part, number>> = await waitingCounts(ctx);
  const path = partPath(current);
  return {
    head: head(ctx.t.t(`moderation.${current}.title`), { noIndex: true }),
    tabs: parts.map((part) => ({
      text: ctx.t.t(`moderation.tabs.${part}`),
      ...{ url: partPath(part), current: part === current, count: counts[part] ?? null },
    })),
    next: next === null ? null : `${path}?after=${next}`,
    start: after === null ? null : path,
  };
}

/** The comments that wait, the oldest first. */
export async function heldModel(ctx: Ctx, after: string | null): Promise<HeldPage> {
  const slice = await listHeld(ctx, after, perPage);
  const frame = await frameOf(ctx, "held", after, slice);
  const views = await handledViews(ctx, slice.items);
  const place = after === null ? "" : `?after=${encodeURIComponent(after)}`;
  const items = views.map((view) => ({ ...view, action: `${view.action}${place}` }));
  const supports = after === null ? await heldSupportRows(ctx) : [];
  return { ...frame, items, reasons: faultChoices(ctx), supports };
}

/** The comments that were refused, the latest first, and how supports of elsewhere fared. */
export async function refusedModel(ctx: Ctx, after: string | null): Promise<RefusedPage> {
  const slice = await listRefused(ctx, after, perPage);
  const frame = await frameOf(ctx, "refused", after, slice);
  const supports = after === null ? await supportRows(ctx) : [];
  return { ...frame, items: await handledViews(ctx, slice.items), supports };
}

/** Comments with all that a moderator needs to decide; looked up at once, however many. */
export async function handledViews(ctx: Ctx, comments: readonly Comment[]): Promise<HandledView[]> {
  const parents = await commentsByIds(ctx, parentsOf(comments));
  const all = [...comments, ...parents.values()];
  const ids = [...all.map((one) => one.authorId), ...comments.map((c) => c.handled?.by ?? null)];
  const authorIds = comments.map(({ authorId }) => authorId);
  const [people, proposals, blocked] = await Promise.all([
    peopleByIds(ctx, ids),
    proposalsByIds(ctx, [...new Set(comments.map(({ proposalId }) => proposalId))]),
    blockedAmong(ctx, authorIds),
  ]);
  const nameOf = (id: string): string => personView(ctx, people.get(id)).name;
  return comments.map((comment) => {
    const { _id, authorId, handled, html, proposalId, publishedAt } = comment;
    const proposal = proposals.get(proposalId);
    const parent = parents.get(comment.parentId ?? "");
    const isBlocked = blocked.has(authorId);
    const isOrphan = comment.parentId !== null && parent?.state !== "shown";
    return {
      ...{ id: _id, author: personView(ctx, people.get(authorId)), publishedAt },
      body: html === "" ? null : markSafe(html),
      why: (handled?.why ?? []).map((code) => ctx.t.t(`moderation.why.${code}`)),
      note: handled?.note ?? "",
      by: handled?.by == null ? null : nameOf(handled.by),
      proposal:
        proposal === undefined
          ? null
          : { title: titleOf(ctx, proposal), url: proposalPath(proposal) },
      answers:
        parent === undefined
          ? null
          : { name: nameOf(parent.authorId), words: plainText(parent.html, 160) },
      ...{ action: `${moderationPath}/comments/${_id}`, wording: wordingOf(comment) },
      canRelease: html !== "" && !isBlocked && !isOrphan,
      origin: comment.origin,
      canBlock: comment.origin === "elsewhere" && !isBlocked,
      unblockAction: isBlocked ? `${moderationPath}/people/${authorId}/unblock` : null,
    };
  });
}

function parentsOf(comments: readonly Comment[]): string[] {
  return comments.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
}

/** A decision, in a sentence. */
export interface DecisionRow {
  readonly text: string;
  readonly why: readonly string[];
  readonly note: string;
  readonly at: Date;
  /** What it is about; null when that cannot be shown. */
  readonly url: string | null;
}

/** Decisions as sentences that name who and what. */
export async function decisionRows(
  ctx: Ctx,
  decisions: readonly Decision[],
): Promise<DecisionRow[]> {
  const subjects = decisions.map(({ subject }) => subject);
  const [people, proposals] = await Promise.all([
    peopleByIds(ctx, [
      ...decisions.map(({ by }) => by),
      ...subjects.map(({ kind, id }) => (kind === "person" ? id : null)),
    ]),
    proposalsByIds(
      ctx,
      subjects.flatMap(({ kind, id }) => (kind === "proposal" ? [id] : [])),
    ),
  ]);
  return decisions.map(({ what, subject: { kind, id }, by, at, why, note }) => {
    const person = people.get(id);
    const proposal = proposals.get(id);
    const urls = {
      comment: `${moderationPath}/comments/${id}`,
      proposal: proposal === undefined ? null : proposalPath(proposal),
      person: person?.origin === "elsewhere" ? person.url : null,
    };
    return {
      text: ctx.t.t(`moderation.log.${what}`, {
        by: personView(ctx, people.get(by)).name,
        name: kind === "person" ? personView(ctx, person).name : "",
        title: proposal === undefined ? "" : titleOf(ctx, proposal),
        kind,
      }),
      why: why.map((code) => ctx.t.t(`moderation.why.${code}`)),
      ...{ note, at, url: urls[kind] },
    };
  });
}
