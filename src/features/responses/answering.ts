import { renderMarkdown } from "../../kit/text/markdown.js";
import { Refusal, refuseField, refuseIfDuplicate, throttle, type Ctx } from "../../kit/index.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import {
  assertMayRespond,
  isDay,
  mostMilestones,
  whoseToAnswer,
  type Decision,
  type Milestone,
  type Response,
} from "./response.js";
import {
  answerSought,
  isGivenHere,
  milestoneReached,
  responseById,
  responseEdited,
  responsePublished,
  responsesCollection,
  settleStatus,
} from "./responses.js";

/** A step as an official writes it. */
export type NewMilestone = Pick<Milestone, "title" | "due">;

/** What an office answers. */
export interface NewResponse {
  readonly proposalId: string;
  readonly office: string;
  readonly decision: Decision;
  /** Markdown. */
  readonly body: string;
  readonly milestones: readonly NewMilestone[];
}

/** A changed answer. Steps that were there name their id, and so stay done when they were. */
export interface EditedResponse extends Omit<NewResponse, "proposalId" | "milestones"> {
  readonly milestones: ReadonlyArray<NewMilestone & { readonly _id: string | null }>;
  /** `editedAt` of the answer that the official started from. */
  readonly editedAt: Date | null;
}

/**
 * Put an office's answer on the record: one per proposal, a second is refused ("already-answered"),
 * as is one to what somebody else is to answer ("not-allowed", "not-asked").
 * The proposal's status follows; subscribers carry the answer to people and to other servers.
 */
export async function publishResponse(ctx: Ctx, input: NewResponse): Promise<Response> {
  const { member } = ctx;
  assertMayRespond(member);
  const proposal = await assertAnswerable(ctx, input.proposalId);
  await assertOurs(ctx, proposal);
  assertSteps(input.milestones);
  const _id = ctx.ids.next();
  const { proposalId, office, decision, body } = input;
  const response: Response = {
    ...{ _id, uri: ctx.instance.url(`/responses/${_id}`), proposalId, authorId: member._id },
    ...{ office, decision, body, html: renderMarkdown(body) },
    milestones: input.milestones.map((step) => newMilestone(ctx, step)),
    publishedAt: ctx.clock.now(),
    editedAt: null,
  };
  await keepResponse(ctx, response);
  return response;
}

/** Store a new answer and let its proposal's status follow. */
export async function keepResponse(ctx: Ctx, response: Response): Promise<void> {
  await ctx.commit(responsePublished, { responseId: response._id }, async () => {
    await refuseIfDuplicate(
      "already-answered",
      () => ctx.collection(responsesCollection).insertOne(response),
      "body",
    );
    await settleStatus(ctx, response._id);
  });
}

/** The proposal, refused when it does not exist, or was withdrawn: that beside what was typed. */
export async function assertAnswerable(ctx: Ctx, proposalId: string): Promise<Proposal> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal === null) throw new Refusal("not-found");
  if (proposal.status === "withdrawn") throw refuseField("withdrawn", "body");
  return proposal;
}

/**
 * Refuses to answer what is somebody else's to answer ("not-allowed"). Where an association's proposal
 * does not name us ("not-asked"), its home is asked again meanwhile, once a minute however many officials
 * look: it may have been linked with us since.
 */
export async function assertOurs(ctx: Ctx, proposal: Proposal): Promise<void> {
  const whose = whoseToAnswer(ctx.instance, proposal);
  if (whose === "theirs") throw new Refusal("not-allowed");
  if (whose === "ours") return;
  if (await mayAskAgain(ctx, proposal)) {
    await ctx.commit(answerSought, { proposalId: proposal._id }, () => Promise.resolve());
  }
  throw new Refusal("not-asked");
}

const asking = { what: "answer-sought", limit: 1, windowMs: 60_000 };

async function mayAskAgain(ctx: Ctx, { _id }: Proposal): Promise<boolean> {
  try {
    await throttle(ctx, asking, _id);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "too-many-tries") return false;
    throw error;
  }
}

function assertSteps(steps: readonly NewMilestone[]): void {
  if (steps.length > mostMilestones) throw refuseField("invalid-form", "step1");
  for (const [index, { due }] of steps.entries()) {
    if (due !== null && !isDay(due)) {
      throw refuseField("invalid-form", `due${index + 1}`, "responses.errors.day");
    }
  }
}

function newMilestone(ctx: Ctx, { title, due }: NewMilestone): Milestone {
  return { _id: ctx.ids.next(), title, due, doneAt: null };
}

/** An answer that the member may change: given here, by officials, to a proposal that stands. */
export async function responseToChange(ctx: Ctx, id: string): Promise<Response> {
  assertMayRespond(ctx.member);
  const response = await responseById(ctx, id);
  if (response === null) throw new Refusal("not-found");
  if (!isGivenHere(ctx, response)) throw new Refusal("not-allowed");
  await assertAnswerable(ctx, response.proposalId);
  return response;
}

/**
 * Change an answer. When somebody was faster, nothing is written and "changed-meanwhile" is refused
 * beside the text. An edit that changes nothing tells nobody.
 */
export async function editResponse(ctx: Ctx, id: string, input: EditedResponse): Promise<Response> {
  const before = await responseToChange(ctx, id);
  assertSteps(input.milestones);
  if (before.editedAt?.getTime() !== input.editedAt?.getTime()) throw changedMeanwhile();
  const { office, decision, body } = input;
  const words = { office, decision, body, html: renderMarkdown(body) };
  const milestones = keptMilestones(ctx, before, input.milestones);
  if (isSame(before, { ...words, milestones })) return before;
  const by = ctx.member?._id ?? null;
  return ctx.commit(responseEdited, { responseId: id, by }, async () => {
    const set = { ...words, milestones, editedAt: laterThan(before.editedAt, ctx.clock.now()) };
    const after = await changeUnchanged(ctx, before, set);
    if (after === null) throw changedMeanwhile();
    await settleStatus(ctx, after._id);
    return after;
  });
}

function changedMeanwhile(): Refusal {
  return refuseField("changed-meanwhile", "body");
}

/** Every edit has a moment of its own, by which the next one knows it. */
function laterThan(last: Date | null, now: Date): Date {
  return last === null ? now : new Date(Math.max(now.getTime(), last.getTime() + 1));
}

/** Steps by the ids they had, each id once; what has none is new. */
function keptMilestones(
  ctx: Ctx,
  before: Response,
  steps: EditedResponse["milestones"],
): Milestone[] {
  const known = new Map(before.milestones.map((step) => [step._id, step]));
  return steps.map(({ _id, title, due }) => {
    const step = known.get(_id ?? "");
    known.delete(_id ?? "");
    return step === undefined ? newMilestone(ctx, { title, due }) : { ...step, title, due };
  });
}

/** Whether two answers say the same. */
export function isSame(
  a: Pick<Response, "office" | "decision" | "body" | "html" | "milestones">,
  b: Pick<Response, "office" | "decision" | "body" | "html" | "milestones">,
): boolean {
  const said = ({ office, decision, body, html, milestones }: typeof a) =>
    JSON.stringify([office, decision, body, html, milestones]);
  return said(a) === said(b);
}

/** Change an answer only while it still reads as `before`; null when it no longer does. */
export async function changeUnchanged(
  ctx: Ctx,
  before: Response,
  set: Partial<Response>,
): Promise<Response | null> {
  const { _id, editedAt, milestones } = before;
  const steps = milestones.map((step) => ({
    milestones: { $elemMatch: { _id: step._id, doneAt: step.doneAt } },
  }));
  const same = { $and: [{ milestones: { $size: milestones.length } }, ...steps] };
  return ctx
    .collection(responsesCollection)
    .findOneAndUpdate({ _id, editedAt, ...same }, { $set: set }, { returnDocument: "after" });
}

/** Say that a step is done. Saying it again changes nothing, and is told to nobody. */
export async function reachMilestone(
  ctx: Ctx,
  responseId: string,
  milestoneId: string,
): Promise<Response> {
  for (let tries = 0; tries < 5; tries++) {
    const before = await responseToChange(ctx, responseId);
    const step = before.milestones.find(({ _id }) => _id === milestoneId);
    if (step === undefined) throw new Refusal("not-found");
    if (step.doneAt !== null) return before;
    const after = await markDone(ctx, before, milestoneId).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === "changed-meanwhile") return null;
      throw error;
    });
    if (after !== null) return after;
  }
  throw new Refusal("changed-meanwhile");
}

async function markDone(ctx: Ctx, before: Response, milestoneId: string): Promise<Response> {
  const doneAt = ctx.clock.now();
  const milestones = before.milestones.map((step) =>
    step._id === milestoneId ? { ...step, doneAt } : step,
  );
  const event = { responseId: before._id, milestoneId, by: ctx.member?._id ?? null };
  return ctx.commit(milestoneReached, event, async () => {
    const after = await changeUnchanged(ctx, before, { milestones });
    if (after === null) throw new Refusal("changed-meanwhile");
    await settleStatus(ctx, after._id);
    return after;
  });
}
