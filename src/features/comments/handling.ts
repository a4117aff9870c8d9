import { Refusal, type Ctx } from "../../kit/index.js";
import { countComment } from "../proposals/movement.js";
import { proposalById } from "../proposals/proposals.js";
import type { Comment, Handling } from "./comment.js";
import { commentById, commentHandled, commentPublished, commentsCollection } from "./comments.js";
import { refusedMs } from "./receiving.js";
import type { Why } from "./verdict.js";

/** What a moderator decides about a comment, and why. */
export interface Judged {
  /** Null when the rule follows a moderator's decision about something else. */
  readonly by: string | null;
  readonly why: readonly Why[];
  readonly note: string;
  readonly decisionId: string | null;
  /** The wording that was read (`wordingOf`); null when it does not matter. */
  readonly wording: string | null;
}

type Move = Pick<Handling, "what"> & {
  readonly from: ReadonlyArray<Comment["state"]>;
  readonly to: Comment["state"];
};

/** Names how a comment reads, so that nobody lets through what they have not seen. */
export function wordingOf({ editedAt }: Pick<Comment, "editedAt">): string {
  return String(editedAt?.getTime() ?? 0);
}

/**
 * Change the state as the moderator decides, in one write with the decision itself.
 * @throws Refusal("changed-meanwhile") when it reads otherwise by now, or somebody else was faster
 */
async function move(
  ctx: Ctx,
  comment: Comment,
  judged: Judged,
  { what, from, to }: Move,
): Promise<Comment> {
  if (judged.wording !== null && judged.wording !== wordingOf(comment)) {
    throw new Refusal("changed-meanwhile");
  }
  const { by, why, note, decisionId } = judged;
  const at = ctx.clock.now();
  const host = comment.handled?.host ?? null;
  const handled: Handling = { what, why, at, by, note, decisionId, host };
  const expires = { expiresAt: new Date(at.getTime() + refusedMs) };
  const change =
    to === "refused"
      ? { $set: { state: to, handled, ...expires } }
      : { $set: { state: to, handled }, $unset: { expiresAt: "" as const } };
  const { _id, editedAt } = comment;
  const after = await ctx
    .collection(commentsCollection)
    .findOneAndUpdate({ _id, editedAt, state: { $in: [...from] } }, change, {
      returnDocument: "after",
    });
  if (after === null) throw new Refusal("changed-meanwhile");
  return after;
}

/**
 * Show a comment that waits, or was refused: it is counted, told and forwarded as if it had come just
 * now, once; one that is shown already stays as it is.
 * @throws Refusal("gone") when nothing is left to show, ("withdrawn"), ("changed-meanwhile")
 */
export async function releaseComment(ctx: Ctx, comment: Comment, judged: Judged): Promise<Comment> {
  if (comment.state === "shown") return comment;
  await assertShowable(ctx, comment);
  return ctx.commit(commentPublished, { commentId: comment._id }, async () => {
    const step = { what: "released", from: ["held", "refused"], to: "shown" } as const;
    const after = await move(ctx, comment, judged, step);
    await countComment(ctx, comment.proposalId, 1);
    return after;
  });
}

async function assertShowable(ctx: Ctx, { proposalId, parentId, body }: Comment): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal?.status === "withdrawn") throw new Refusal("withdrawn");
  const parent = parentId === null ? null : await commentById(ctx, parentId);
  const stands = parentId === null || parent?.state === "shown";
  if (proposal === null || body === "" || !stands) throw new Refusal("gone");
}

/** Refuse a comment that waits: it is not shown, and forgotten after a while. */
export async function refuseComment(ctx: Ctx, comment: Comment, judged: Judged): Promise<Comment> {
  if (comment.state === "refused") return comment;
  return ctx.commit(commentHandled, { commentId: comment._id }, () =>
    move(ctx, comment, judged, { what: "refused", from: ["held"], to: "refused" }),
  );
}

/** Hide a comment that is shown: its place says so, its words are kept from everybody else. */
export async function hideComment(ctx: Ctx, comment: Comment, judged: Judged): Promise<Comment> {
  if (comment.state === "hidden") return comment;
  return ctx.commit(commentHandled, { commentId: comment._id }, async () => {
    const after = await move(ctx, comment, judged, {
      what: "hidden",
      from: ["shown"],
      to: "hidden",
    });
    await countComment(ctx, comment.proposalId, -1);
    return after;
  });
}

/** Show a hidden comment again, as it was. */
export async function showAgain(ctx: Ctx, comment: Comment, judged: Judged): Promise<Comment> {
  if (comment.state === "shown") return comment;
  return ctx.commit(commentHandled, { commentId: comment._id }, async () => {
    const back = { what: "shown-again", from: ["hidden"], to: "shown" } as const;
    const after = await move(ctx, comment, judged, back);
    await countComment(ctx, comment.proposalId, 1);
    return after;
  });
}
