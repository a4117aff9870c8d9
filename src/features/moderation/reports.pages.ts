import type { PersonView } from "../../kit/component-models.js";
import {
  definePage,
  formView,
  head,
  Refusal,
  type Ctx,
  type FormView,
  type PageModel,
  type Typed,
} from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { commentById, commentsByIds } from "../comments/comments.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { titleOf } from "../proposals/cards.js";
import { faultChoices } from "../proposals/fault.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalById, proposalsByIds } from "../proposals/proposals.js";
import { decisionsAbout, listDecisions } from "./decisions.js";
import { reportForm } from "./moderation.forms.js";
import {
  decisionRows,
  frameOf,
  handledViews,
  moderationPath,
  perPage,
  type Choice,
  type DecisionRow,
  type HandledView,
  type ModerationPage,
} from "./moderation.pages.js";
import { keyOf, type Subject } from "./decision.js";
import type { Report } from "./report.js";
import { listReports } from "./reports.js";

/** A report as moderators see it. */
export interface ReportView {
  readonly id: string;
  /** What kind of thing it is about, in a word. */
  readonly what: string;
  /** The beginning of what is reported. */
  readonly words: string;
  readonly url: string | null;
  /** Who wrote it; null when it is an account, or its author is not known here. */
  readonly author: PersonView | null;
  /** Where a moderator acts on what is reported; null when only here. */
  readonly actUrl: string | null;
  readonly reporter: PersonView;
  readonly why: string;
  readonly note: string;
  readonly at: Date;
  readonly action: string;
  readonly canForward: boolean;
  readonly forwardedAt: Date | null;
}

/** What was reported and waits. */
export interface ReportsPage extends ModerationPage {
  readonly items: readonly ReportView[];
}

/** The record of decisions. */
export interface LogPage extends ModerationPage {
  readonly rows: readonly DecisionRow[];
}

/** One comment, and what can be decided about it. */
export interface CommentPage extends PageModel {
  readonly comment: HandledView;
  readonly state: "shown" | "held" | "refused" | "hidden" | "deleted";
  readonly reasons: readonly Choice[];
  readonly decisions: readonly DecisionRow[];
}

/** What somebody finds wrong with a comment or a proposal. */
export interface ReportPage extends PageModel {
  readonly action: string;
  readonly back: string;
  readonly about: string;
  readonly form: FormView;
  readonly reasons: readonly Choice[];
}

export const reportsPage = definePage<ReportsPage>("moderation/reports");
export const logPage = definePage<LogPage>("moderation/log");
export const commentPage = definePage<CommentPage>("moderation/comment");
export const reportPage = definePage<ReportPage>("moderation/report");

/** The reports that wait, the oldest first. */
export async function reportsModel(ctx: Ctx, after: string | null): Promise<ReportsPage> {
  const slice = await listReports(ctx, after, perPage);
  const frame = await frameOf(ctx, "reports", after, slice);
  return { ...frame, items: await reportViews(ctx, slice.items) };
}

async function reportViews(ctx: Ctx, reports: readonly Report[]): Promise<ReportView[]> {
  const idsOf = (wanted: Subject["kind"]): string[] =>
    reports.flatMap(({ subject: { kind, id } }) => (kind === wanted ? [id] : []));
  const [comments, proposals, people] = await Promise.all([
    commentsByIds(ctx, idsOf("comment")),
    proposalsByIds(ctx, idsOf("proposal")),
    peopleByIds(ctx, [...idsOf("person"), ...reports.map(({ reporterId }) => reporterId)]),
  ]);
  const authors = await peopleByIds(
    ctx,
    [...comments.values(), ...proposals.values()].map(({ authorId }) => authorId),
  );
  return reports.map((report) => {
    const { _id, subject, reporterId, reporterHost, why, at, forwarded } = report;
    const comment = comments.get(subject.kind === "comment" ? subject.id : "");
    const proposal = proposals.get(subject.id);
    const person = people.get(subject.id);
    const ofPerson = { words: personView(ctx, person).name, url: person?.url ?? null, act: null };
    const author = authors.get((comment ?? proposal)?.authorId ?? "");
    const path = proposal === undefined ? null : proposalPath(proposal);
    const shown = {
      comment: {
        words: plainText(comment?.html ?? "", 240),
        url: `/comments/${subject.id}`,
        act: `${moderationPath}/comments/${subject.id}`,
      },
      proposal: {
        words: proposal === undefined ? "" : titleOf(ctx, proposal),
        url: path,
        act: proposal?.origin === "here" ? `${path}/withdraw` : null,
      },
      person: ofPerson,
    }[subject.kind];
    const server = { name: reporterHost ?? "", url: null, host: null, role: null };
    return {
      ...{ id: _id, what: ctx.t.t(`moderation.kinds.${subject.kind}`), words: shown.words },
      ...{ url: shown.url, actUrl: shown.act, at, note: report.words },
      author: author === undefined ? null : personView(ctx, author),
      reporter: reporterId === null ? server : personView(ctx, people.get(reporterId)),
      why: ctx.t.t(`moderation.why.${why}`),
      action: `${moderationPath}/reports/${_id}`,
      canForward: comment?.origin === "elsewhere" && forwarded === null,
      forwardedAt: forwarded?.at ?? null,
    };
  });
}

/** What moderators decided, the latest first. */
export async function logModel(ctx: Ctx, after: string | null): Promise<LogPage> {
  const slice = await listDecisions(ctx, after, perPage);
  const frame = await frameOf(ctx, "log", after, slice);
  return { ...frame, rows: await decisionRows(ctx, slice.items) };
}

/** One comment for a moderator. Refuses ("not-found"). */
export async function commentModel(ctx: Ctx, id: string): Promise<CommentPage> {
  const comment = await commentById(ctx, id);
  const [view] = comment === null ? [] : await handledViews(ctx, [comment]);
  if (comment === null || view === undefined) throw new Refusal("not-found");
  const decisions = await decisionsAbout(ctx, keyOf({ kind: "comment", id }));
  return {
    head: head(ctx.t.t("moderation.comment.title"), { noIndex: true }),
    ...{ comment: view, state: comment.state, reasons: faultChoices(ctx) },
    decisions: await decisionRows(ctx, decisions),
  };
}

/** The form in which something is reported. Refuses what is not there to be seen. */
export async function reportModel(
  ctx: Ctx,
  subject: Subject,
  action: string,
  typed: Typed,
): Promise<ReportPage> {
  const { about, back } = await seen(ctx, subject);
  return {
    head: head(ctx.t.t(`moderation.report.title.${subject.kind}`), { noIndex: true }),
    ...{ action, back, about, reasons: faultChoices(ctx) },
    form: formView(reportForm, typed, ctx.t),
  };
}

async function seen(ctx: Ctx, { kind, id }: Subject): Promise<{ about: string; back: string }> {
  if (kind === "proposal") {
    const proposal = await proposalById(ctx, id);
    if (proposal === null) throw new Refusal("not-found");
    return { about: titleOf(ctx, proposal), back: proposalPath(proposal) };
  }
  const comment = await commentById(ctx, id);
  if (comment?.state !== "shown") throw new Refusal("not-found");
  return { about: plainText(comment.html, 300), back: `/comments/${id}` };
}
