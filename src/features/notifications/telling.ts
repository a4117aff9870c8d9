import { z } from "zod";
import { defineJob, on, type Ctx } from "../../kit/index.js";
import { commentById, commentHandled, commentPublished } from "../comments/comments.js";
import { commentersOf } from "../comments/discussion.js";
import { followersOf } from "../follows/follows.js";
import { decisionOn } from "../moderation/decision.js";
import { recordDecision } from "../moderation/decisions.js";
import { proposalById, proposalWithdrawn } from "../proposals/proposals.js";
import {
  milestoneReached,
  responseById,
  responseEdited,
  responsePublished,
} from "../responses/responses.js";
import { responseWithdrawn } from "../responses/withdrawing.js";
import { supportersOf } from "../supports/supports.js";
import { occasions, type News } from "./notification.js";
import { notify } from "./notifying.js";

/** An edited answer is told once nobody has touched it for this long, so that a slip costs no mail. */
export const editQuietMs = 10 * 60_000;

/** Whom an event around a proposal concerns. */
const circles = ["author", "supporters", "commenters", "followers", "topic-followers"] as const;

const newsShape = z.object({
  occasion: z.enum(occasions),
  subjectId: z.string(),
  proposalId: z.string(),
  by: z.string().nullable(),
});

const circleShape = newsShape.extend({
  circle: z.enum(circles),
  after: z.string().nullable(),
});

/**
 * Tell the next 200 people of one circle. The job after it is stored first, under an id that follows
 * from where it starts: however often one of them dies or runs again, nobody is left out or told twice.
 */
export const tellCircle = defineJob({
  name: "notifications.tell",
  payload: circleShape,
  async run(ctx, step) {
    const people = await peopleIn(ctx, step);
    const last = people.at(-1);
    if (last === undefined) return;
    if (step.circle !== "author") await tellNext(ctx, { ...step, after: last });
    await notify(ctx, step, people);
  },
});

type Step = z.infer<typeof circleShape>;

async function peopleIn(ctx: Ctx, { circle, proposalId, after }: Step): Promise<string[]> {
  switch (circle) {
    case "supporters":
      return supportersOf(ctx, proposalId, after);
    case "commenters":
      return commentersOf(ctx, proposalId, after);
    case "followers":
      return followersOf(ctx, "proposal", proposalId, after);
    case "author":
    case "topic-followers": {
      const proposal = await proposalById(ctx, proposalId);
      if (circle === "author") return proposal?.authorId == null ? [] : [proposal.authorId];
      if (proposal?.topicId == null) return [];
      return followersOf(ctx, "topic", proposal.topicId, after);
    }
  }
}

function stepJob(step: Step) {
  const { occasion, subjectId, circle, after } = step;
  const id = `tell/${occasion}/${subjectId}/${circle}/${after ?? "first"}`;
  return { payload: step, options: { id } };
}

async function tellNext(ctx: Ctx, step: Step): Promise<void> {
  await ctx.enqueueAll(tellCircle, [stepJob(step)]);
}

/** Have everybody told who proposed, supported, commented or follows, or follows the topic. */
async function tellEveryone(ctx: Ctx, news: News): Promise<void> {
  const steps = circles.map((circle) => stepJob({ ...news, circle, after: null }));
  await ctx.enqueueAll(tellCircle, steps);
}

const editShape = z.object({
  responseId: z.string(),
  editedAt: z.number(),
  by: z.string().nullable(),
});

/** Tell of an edit, unless a later one will be told instead. */
export const tellEdit = defineJob({
  name: "notifications.tell-edit",
  payload: editShape,
  async run(ctx, { responseId, editedAt, by }) {
    const response = await responseById(ctx, responseId);
    if (response === null || response.editedAt?.getTime() !== editedAt) return;
    const subjectId = `${responseId}/${editedAt}`;
    const { proposalId } = response;
    await tellEveryone(ctx, { occasion: "response-edited", subjectId, proposalId, by });
  },
});

async function tellPublished(ctx: Ctx, responseId: string): Promise<void> {
  const response = await responseById(ctx, responseId);
  if (response === null) return;
  const { proposalId, authorId: by } = response;
  await tellEveryone(ctx, {
    ...{ occasion: "response-published", subjectId: responseId },
    ...{ proposalId, by },
  });
}

async function tellEditSoon(
  ctx: Ctx,
  { responseId, by }: { readonly responseId: string; readonly by: string | null },
): Promise<void> {
  const editedAt = (await responseById(ctx, responseId))?.editedAt?.getTime();
  if (editedAt === undefined) return;
  const options = { id: `tell-edit/${responseId}/${editedAt}`, delayMs: editQuietMs };
  await ctx.enqueue(tellEdit, { responseId, editedAt, by }, options);
}

async function tellMilestone(
  ctx: Ctx,
  { responseId, milestoneId, by }: z.infer<(typeof milestoneReached)["payload"]>,
): Promise<void> {
  const response = await responseById(ctx, responseId);
  const step = response?.milestones.find(({ _id }) => _id === milestoneId);
  if (response === null || step === undefined || step.doneAt === null) return;
  await tellEveryone(ctx, {
    ...{ occasion: "milestone-done", subjectId: `${responseId}/${milestoneId}` },
    ...{ proposalId: response.proposalId, by },
  });
}

async function tellComment(ctx: Ctx, commentId: string): Promise<void> {
  const comment = await commentById(ctx, commentId);
  if (comment === null || comment.state !== "shown") return;
  const { proposalId, parentId, authorId: by } = comment;
  const parent = parentId === null ? null : await commentById(ctx, parentId);
  const news = { subjectId: commentId, proposalId, by };
  if (parent !== null) await notify(ctx, { ...news, occasion: "reply-to-you" }, [parent.authorId]);
  const author = (await proposalById(ctx, proposalId))?.authorId ?? null;
  if (author === null || author === parent?.authorId) return;
  await notify(ctx, { ...news, occasion: "comment-on-yours" }, [author]);
}

/** Whoever wrote a comment of here learns why it was hidden, and that it is shown again. */
async function tellHandled(ctx: Ctx, commentId: string): Promise<void> {
  const comment = await commentById(ctx, commentId);
  const decision = comment?.origin === "here" ? decisionOn(comment) : null;
  if (comment === null || decision === null) return;
  if (decision.what !== "hidden" && decision.what !== "shown-again") return;
  await recordDecision(ctx, decision);
  const { proposalId, authorId } = comment;
  const subjectId = `${commentId}/${decision._id}`;
  const occasion = `comment-${decision.what}` as const;
  await notify(ctx, { occasion, subjectId, proposalId, by: decision.by }, [authorId]);
}

/** Whose proposal a moderator withdrew is told why, apart from everybody else. */
async function tellWithdrawn(
  ctx: Ctx,
  { proposalId, by }: z.infer<(typeof proposalWithdrawn)["payload"]>,
): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal?.status !== "withdrawn") return;
  const about = { subjectId: proposalId, proposalId };
  const { takenDown, authorId } = proposal;
  if (takenDown !== undefined && authorId !== null) {
    await notify(ctx, { ...about, occasion: "proposal-taken-down", by }, [authorId]);
  }
  const knows = takenDown === undefined ? by : authorId;
  await tellEveryone(ctx, { ...about, occasion: "proposal-withdrawn", by: knows });
}

/** That the answer which they read of is gone, and the proposal open again. */
async function tellTakenBack(
  ctx: Ctx,
  { responseId, proposalId }: z.infer<(typeof responseWithdrawn)["payload"]>,
): Promise<void> {
  const news = { occasion: "response-withdrawn", subjectId: responseId, proposalId } as const;
  await tellEveryone(ctx, { ...news, by: null });
}

/** What members are told of. */
export const tellings = [
  on(responsePublished, "tell", (ctx, { responseId }) => tellPublished(ctx, responseId)),
  on(responseEdited, "tell", tellEditSoon),
  on(responseWithdrawn, "tell", tellTakenBack),
  on(milestoneReached, "tell", tellMilestone),
  on(commentPublished, "tell", (ctx, { commentId }) => tellComment(ctx, commentId)),
  on(commentHandled, "tell", (ctx, { commentId }) => tellHandled(ctx, commentId)),
  on(proposalWithdrawn, "tell", tellWithdrawn),
];
