import type { PersonView, StatusView } from "../../kit/component-models.js";
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
import { markSafe, type SafeHtml } from "../../kit/safe-html.js";
import { renderMarkdown } from "../../kit/text/markdown.js";
import { personById } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { statusView, titleOf } from "../proposals/cards.js";
import { refOf } from "../proposals/proposal-ref.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import { answerForm, momentOf, stepNumbers } from "./responses.forms.js";
import { decisions, responsePath, type Response } from "./response.js";

/** A place for a step in the form. */
export interface StepField {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly due: string;
  readonly titleError: string | null;
  readonly dueError: string | null;
}

/** The proposal that is being answered, shown beside the form. */
export interface AnsweredProposal {
  readonly number: number | null;
  readonly title: string;
  readonly url: string;
  readonly status: StatusView;
  readonly author: PersonView;
  readonly publishedAt: Date;
  readonly body: SafeHtml;
  readonly place: string | null;
  readonly supports: number;
  readonly comments: number;
}

/** An answer being written, beside the proposal. */
export interface AnswerPage extends PageModel {
  readonly action: string;
  readonly form: FormView;
  readonly decisions: ReadonlyArray<{
    readonly value: string;
    readonly label: string;
    readonly hint: string;
  }>;
  /** The places shown at once, and those that unfold. */
  readonly steps: readonly StepField[];
  readonly moreSteps: readonly StepField[];
  /** Moment of the edit that this one starts from; empty for none. */
  readonly editedAt: string;
  /** What another official saved meanwhile. */
  readonly newer: { readonly office: string; readonly body: SafeHtml } | null;
  /** The answer that another official gave meanwhile. */
  readonly given: string | null;
  readonly preview: SafeHtml | null;
  readonly submit: string;
  readonly back: string;
  readonly proposal: AnsweredProposal;
}

export const answerPage = definePage<AnswerPage>("responses/answer");

/** Places for steps that are open from the start. */
const openPlaces = 3;

/** What is typed, and whether it is only to be looked at. */
export interface Writing {
  readonly typed: Typed;
  readonly withPreview: boolean;
}

/** The page on which a first answer is written. */
export async function answerModel(
  ctx: Ctx,
  proposal: Proposal,
  writing: Writing,
  given: Response | null,
): Promise<AnswerPage> {
  return {
    ...(await formModel(ctx, proposal, writing)),
    head: head(ctx.t.t("responses.answer.title"), { noIndex: true }),
    action: `/proposals/${refOf(proposal)}/answer`,
    ...{ editedAt: "", newer: null, given: given === null ? null : responsePath(given) },
    submit: ctx.t.t("responses.answer.button"),
    back: proposalPath(proposal),
  };
}

/** The page on which an answer is changed; after a concurrent edit the newer text is shown too. */
export async function editModel(
  ctx: Ctx,
  response: Response,
  writing: Writing,
): Promise<AnswerPage> {
  const proposal = await proposalById(ctx, response.proposalId);
  if (proposal === null) throw new Refusal("not-found");
  const { typed } = writing;
  const raced = typed.errors.some(({ key }) => key === "refusals.changed-meanwhile");
  const { office, html } = response;
  return {
    ...(await formModel(ctx, proposal, writing)),
    head: head(ctx.t.t("responses.edit.title"), { noIndex: true }),
    action: `${responsePath(response)}/edit`,
    editedAt: raced ? momentOf(response) : (typed.values["editedAt"] ?? ""),
    newer: raced ? { office, body: markSafe(html) } : null,
    given: null,
    submit: ctx.t.t("site.buttons.save"),
    back: responsePath(response),
  };
}

async function formModel(ctx: Ctx, proposal: Proposal, { typed, withPreview }: Writing) {
  const form = formView(answerForm, typed, ctx.t);
  const places = stepNumbers.map((number) => placeOf(form, number));
  const filled = places.findLastIndex(({ title, due }) => title !== "" || due !== "") + 1;
  const shown = Math.max(openPlaces, filled);
  return {
    form,
    decisions: decisions.map((value) => ({
      value,
      label: ctx.t.t(`site.status.${value}`),
      hint: ctx.t.t(`responses.decision.${value}`),
    })),
    steps: places.slice(0, shown),
    moreSteps: places.slice(shown),
    preview: withPreview ? markSafe(renderMarkdown(typed.values["body"] ?? "")) : null,
    proposal: await answeredProposal(ctx, proposal),
  };
}

function placeOf({ values, errors }: FormView, number: number): StepField {
  const errorAt = (field: string) => errors.find((e) => e.field === field)?.text ?? null;
  return {
    number,
    id: values[`id${number}`] ?? "",
    title: values[`step${number}`] ?? "",
    due: values[`due${number}`] ?? "",
    titleError: errorAt(`step${number}`),
    dueError: errorAt(`due${number}`),
  };
}

async function answeredProposal(ctx: Ctx, proposal: Proposal): Promise<AnsweredProposal> {
  const { number, elsewhere, publishedAt, html, place, counts, authorId } = proposal;
  const author = authorId === null ? null : await personById(ctx, authorId);
  const remote = elsewhere && { name: elsewhere.authorName, host: elsewhere.host };
  return {
    ...{ number, publishedAt, supports: counts.supports, comments: counts.comments },
    title: titleOf(ctx, proposal),
    url: proposalPath(proposal),
    status: statusView(ctx, proposal.status),
    author: remote === null ? personView(ctx, author) : { ...remote, url: null, role: null },
    body: markSafe(html),
    place: place === null || place.name === "" ? null : place.name,
  };
}
