import type { ProposalCard } from "../../kit/component-models.js";
import {
  definePage,
  formView,
  head,
  type Ctx,
  type FormDef,
  type FormView,
  type PageModel,
  type Typed,
} from "../../kit/index.js";
import { markSafe, type SafeHtml } from "../../kit/safe-html.js";
import { diffTexts, type TextChange } from "../../kit/text/diff.js";
import { renderMarkdown } from "../../kit/text/markdown.js";
import { cardsOf } from "./cards.js";
import { faultChoices } from "./fault.js";
import { takeDownForm, topicChoices } from "./proposals.forms.js";
import { mayEdit, proposalPath, type Proposal } from "./proposal.js";
import { versionsOf } from "./proposals.js";

/** Writing a proposal, for the first time or again. */
export interface WritingPage extends PageModel {
  readonly action: string;
  readonly form: FormView;
  readonly topics: ReadonlyArray<{ readonly value: string; readonly label: string }>;
  /** How the text will look, when that was asked for. */
  readonly preview: { readonly title: string; readonly body: SafeHtml } | null;
  /** What somebody else saved meanwhile. */
  readonly newer: { readonly title: string; readonly body: SafeHtml } | null;
  /** The version being changed, null for a new proposal. */
  readonly version: string | null;
  /** Where to go back to without saving. */
  readonly back: string;
  readonly backText: string;
}

/** What each edit changed, the latest first. */
export interface HistoryPage extends PageModel {
  readonly title: string;
  readonly url: string;
  readonly edits: ReadonlyArray<{
    readonly at: Date;
    readonly title: readonly TextChange[];
    readonly body: readonly TextChange[];
  }>;
}

type Choice = ReturnType<typeof faultChoices>[number];

/** The question before a proposal is withdrawn. */
export interface WithdrawPage extends PageModel {
  readonly action: string;
  readonly back: string;
  /** What a moderator is asked who withdraws somebody else's proposal; null for its author. */
  readonly takingDown: { readonly form: FormView; readonly reasons: readonly Choice[] } | null;
  readonly card: ProposalCard | null;
}

export const newPage = definePage<WritingPage>("proposals/new");
export const editPage = definePage<WritingPage>("proposals/edit");
export const historyPage = definePage<HistoryPage>("proposals/history");
export const withdrawPage = definePage<WithdrawPage>("proposals/withdraw");

/** The same title and text as they will be read. */
function lookOf(title: string, body: string) {
  return { title, body: markSafe(renderMarkdown(body)) };
}

/** A form as it stands, perhaps with its preview. */
export interface Writing<T> {
  readonly form: FormDef<T>;
  readonly typed: Typed;
  readonly withPreview: boolean;
}

/** The page on which a proposal is first written. */
export async function newModel<T>(ctx: Ctx, writing: Writing<T>): Promise<WritingPage> {
  const { form, typed, withPreview } = writing;
  const { title = "", body = "" } = typed.values;
  return {
    head: head(ctx.t.t("proposals.new.title"), {
      description: ctx.t.t("proposals.new.lead"),
      canonical: ctx.instance.url("/proposals/new"),
    }),
    action: "/proposals/new",
    form: formView(form, typed, ctx.t),
    topics: await topicChoices(ctx),
    preview: withPreview ? lookOf(title, body) : null,
    ...{ newer: null, version: null, back: "/proposals" },
    backText: ctx.t.t("site.buttons.cancel"),
  };
}

/** The page on which a proposal is changed; after a concurrent edit the newer text is shown too. */
export async function editModel<T>(
  ctx: Ctx,
  proposal: Proposal,
  writing: Writing<T>,
): Promise<WritingPage> {
  const path = proposalPath(proposal);
  const raced = writing.typed.errors.some(({ key }) => key === "refusals.changed-meanwhile");
  return {
    ...(await newModel(ctx, writing)),
    head: head(ctx.t.t("proposals.edit.title"), { noIndex: true }),
    action: `${path}/edit`,
    newer: raced ? lookOf(proposal.title, proposal.body) : null,
    version: String(raced ? proposal.version : (writing.typed.values["version"] ?? "1")),
    back: path,
  };
}

/** What each edit of a proposal changed. */
export async function historyModel(ctx: Ctx, proposal: Proposal): Promise<HistoryPage> {
  const versions = await versionsOf(ctx, proposal);
  const edits = versions.map(({ title, body, replacedAt }, index) => {
    const after = versions[index - 1] ?? proposal;
    return {
      at: replacedAt,
      title: title === after.title ? [] : diffTexts(title, after.title),
      body: body === after.body ? [] : diffTexts(body, after.body),
    };
  });
  return {
    head: head(ctx.t.t("proposals.history.title"), {
      description: proposal.title,
      canonical: ctx.instance.url(`${proposalPath(proposal)}/history`),
    }),
    ...{ title: proposal.title, url: proposalPath(proposal), edits },
  };
}

/** The question before a proposal is withdrawn. */
export async function withdrawModel(
  ctx: Ctx,
  proposal: Proposal,
  typed: Typed,
): Promise<WithdrawPage> {
  const path = proposalPath(proposal);
  const [card = null] = await cardsOf(ctx, [proposal]);
  const takingDown = { form: formView(takeDownForm, typed, ctx.t), reasons: faultChoices(ctx) };
  return {
    head: head(ctx.t.t("proposals.withdraw.title"), { noIndex: true }),
    ...{ action: `${path}/withdraw`, back: path, card },
    takingDown: mayEdit(ctx.member, proposal) ? null : takingDown,
  };
}
