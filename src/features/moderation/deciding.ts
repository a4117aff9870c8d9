import { hasRole, Refusal, type Ctx } from "../../kit/index.js";
import type { Comment } from "../comments/comment.js";
import { commentById, commentsCollection } from "../comments/comments.js";
import {
  hideComment,
  refuseComment,
  releaseComment,
  showAgain,
  type Judged,
} from "../comments/handling.js";
import type { Why } from "../comments/verdict.js";
import type { Fault } from "../proposals/fault.js";
import { personById } from "../people/people.js";
import { setStanding, standingOf, trustAuthor } from "../people/standing.js";
import { proposalById } from "../proposals/proposals.js";
import { decisionOn } from "./decision.js";
import { moderatorOf, recordDecision } from "./decisions.js";
import { closeAbout } from "./reports.js";

/** What a moderator wants done with a comment. */
export interface Ruling {
  readonly act: "release" | "refuse" | "block" | "hide" | "show";
  readonly why: Fault | null;
  readonly note: string;
  /** The wording that the moderator has read. */
  readonly wording: string | null;
}

/**
 * Do with a comment what a moderator decides, and write it down. Doing it twice changes nothing.
 * @throws Refusal("changed-meanwhile") when it was edited or decided about since it was read; "gone",
 * "withdrawn" when it cannot be shown
 */
export async function ruleOnComment(ctx: Ctx, id: string, ruling: Ruling): Promise<Comment> {
  const { _id: by } = moderatorOf(ctx);
  const comment = await commentById(ctx, id);
  if (comment === null) throw new Refusal("not-found");
  await settle(ctx, comment);
  const why = ruling.why === null ? [] : [ruling.why];
  const judged = { by, why, note: ruling.note, decisionId: ctx.ids.next() };
  const after = await act(ctx, comment, ruling, { ...judged, wording: ruling.wording });
  await settle(ctx, after);
  return after;
}

async function act(
  ctx: Ctx,
  comment: Comment,
  { act: wanted }: Ruling,
  judged: Judged,
): Promise<Comment> {
  switch (wanted) {
    case "release":
      return releaseComment(ctx, comment, judged);
    case "refuse":
      return refuseComment(ctx, comment, judged);
    case "hide":
      return hideComment(ctx, comment, judged);
    case "show":
      return showAgain(ctx, comment, judged);
    case "block":
      await blockAuthor(ctx, comment.authorId, judged);
      return (await commentById(ctx, comment._id)) ?? comment;
  }
}

/**
 * What follows from a decision about a comment, however often it is asked for: its line in the record;
 * a released author is trusted; answers that waited for it alone go the same way; reports of what is
 * hidden are closed.
 */
export async function settle(ctx: Ctx, comment: Comment): Promise<void> {
  const decision = decisionOn(comment);
  if (decision !== null) await recordDecision(ctx, decision);
  const { state, handled, authorId, origin } = comment;
  if (handled === undefined) return;
  if (handled.what === "released" && handled.by !== null && origin === "elsewhere") {
    await trustAuthor(ctx, authorId, { by: handled.by, at: handled.at });
  }
  if (state === "hidden" && handled.by !== null) {
    await closeAbout(ctx, { kind: "comment", id: comment._id }, { by: handled.by, at: handled.at });
  }
  if (state === "shown" || state === "refused") await settleAnswers(ctx, comment);
}

/** The same by id, for whoever hears of it later. */
export async function settleById(ctx: Ctx, commentId: string): Promise<void> {
  const comment = await commentById(ctx, commentId);
  if (comment !== null) await settle(ctx, comment);
}

/** Answers that waited only for what they answer go on when it is shown, and are refused with it. */
async function settleAnswers(ctx: Ctx, parent: Comment): Promise<void> {
  const wanted = { proposalId: parent.proposalId, parentId: parent._id };
  const held = await heldOnes(ctx, wanted);
  for (const answer of held) {
    const onlyWaits = answer.handled?.why.every((one) => one === "answers-held") ?? false;
    if (parent.state === "refused") await follow(ctx, answer, "refuse", ["answers-refused"]);
    else if (onlyWaits) await follow(ctx, answer, "release", []);
  }
}

type Place =
  | Readonly<Record<"proposalId" | "parentId", string>>
  | { readonly authorId: string }
  | { readonly proposalId: string };

async function heldOnes(ctx: Ctx, place: Place): Promise<Comment[]> {
  return ctx
    .collection(commentsCollection)
    .find({ ...place, state: "held" }, { sort: { _id: 1 }, limit: 500 })
    .toArray();
}

/** What the rule does by itself after a decision; somebody who is faster has decided. */
async function follow(
  ctx: Ctx,
  comment: Comment,
  wanted: "release" | "refuse",
  why: readonly Why[],
): Promise<void> {
  const judged: Judged = { by: null, why, note: "", decisionId: null, wording: null };
  try {
    if (wanted === "release") await releaseComment(ctx, comment, judged);
    else await refuseComment(ctx, comment, judged);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Take nothing more from somebody of elsewhere; what of theirs waits is refused. */
export async function blockAuthor(
  ctx: Ctx,
  personId: string,
  { note, why }: Pick<Judged, "note" | "why">,
): Promise<void> {
  const { _id: by } = moderatorOf(ctx);
  const person = await personById(ctx, personId);
  if (person === null) throw new Refusal("not-found");
  if (person.origin === "here") throw new Refusal("not-allowed");
  if ((await standingOf(ctx, personId))?.standing === "blocked") return;
  const at = ctx.clock.now();
  const decisionId = ctx.ids.next();
  await setStanding(ctx, {
    ...{ _id: personId, standing: "blocked", by, at, note, decisionId },
    why,
  });
  await settleStanding(ctx, personId);
}

/** Listen to somebody of elsewhere again; their comments wait as those of a stranger. */
export async function unblockAuthor(ctx: Ctx, personId: string): Promise<void> {
  const { _id: by } = moderatorOf(ctx);
  const row = await standingOf(ctx, personId);
  if (row?.standing !== "blocked") return;
  await settleStanding(ctx, personId);
  const decisionId = ctx.ids.next();
  const at = ctx.clock.now();
  await setStanding(ctx, {
    ...{ _id: personId, standing: "forgiven", by, at, note: "", decisionId, why: [] },
  });
  await settleStanding(ctx, personId);
}

/** What follows from blocking somebody or lifting it, however often it is asked for. */
export async function settleStanding(ctx: Ctx, personId: string): Promise<void> {
  const row = await standingOf(ctx, personId);
  if (row === null || row.decisionId === null) return;
  const { decisionId, by, at, note, why } = row;
  const what = row.standing === "blocked" ? "blocked" : "unblocked";
  const subject = { kind: "person", id: personId } as const;
  await recordDecision(ctx, { _id: decisionId, what, subject, by, at, why: why as Why[], note });
  if (what !== "blocked") return;
  for (const held of await heldOnes(ctx, { authorId: personId })) {
    await follow(ctx, held, "refuse", ["blocked"]);
  }
}

/**
 * What follows from a withdrawal, however often it is asked for: what waits under the proposal can no
 * longer be shown and is refused; one that a moderator withdrew is a decision, with its reason.
 */
export async function noteWithdrawn(
  ctx: Ctx,
  { proposalId, by }: { readonly proposalId: string; readonly by: string | null },
): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal?.status !== "withdrawn") return;
  for (let held = await heldOnes(ctx, { proposalId }); held.length > 0;) {
    for (const one of held) await follow(ctx, one, "refuse", ["withdrawn"]);
    held = await heldOnes(ctx, { proposalId });
  }
  if (by === null || by === proposal.authorId) return;
  const subject = { kind: "proposal", id: proposalId } as const;
  const at = proposal.withdrawnAt ?? ctx.clock.now();
  const _id = `${ctx.instance._id}/withdrawn/${proposalId}`;
  const { takenDown } = proposal;
  const why = takenDown === undefined ? [] : [takenDown.why];
  const note = takenDown?.note ?? "";
  await recordDecision(ctx, { _id, what: "withdrawn", subject, by, at, why, note });
  await closeAbout(ctx, subject, { by, at });
}

/** Forget what a person of elsewhere said that nobody has seen: their account is gone. */
export async function forgetUnseen(ctx: Ctx, authorId: string): Promise<void> {
  await ctx
    .collection(commentsCollection)
    .updateMany(
      { authorId, state: { $in: ["held", "refused"] } },
      { $set: { state: "deleted", body: "", html: "" }, $unset: { expiresAt: "" } },
    );
}

/** Whether the reader sees what only moderators see. */
export function isModerator(ctx: Ctx): boolean {
  return hasRole(ctx.member, "moderator");
}
