import { packCursor, sliceOf, unpackCursor, type Ctx } from "../../kit/index.js";
import type { Comment } from "./comment.js";
import { commentsCollection } from "./comments.js";

/** A comment and everything that was answered to it. */
export interface Thread {
  readonly comment: Comment;
  readonly replies: readonly Thread[];
}

/** One page of what is said under a proposal, the oldest first. */
export interface Discussion {
  readonly threads: readonly Thread[];
  readonly next: string | null;
  /** True when these threads hold more replies than are shown. */
  readonly cut: boolean;
}

/** Which threads to give: those after a cursor, else those from one (by its first comment's id) on. */
export interface DiscussionPage {
  readonly cursor: string | null;
  readonly limit: number;
  readonly from?: string;
}

/** At most this many replies are shown on one page, over all its threads. */
export const mostReplies = 200;

const visible = { $in: ["shown", "hidden", "deleted"] as Array<Comment["state"]> };

/**
 * A page of threads with their replies, in two queries however deep they are. A deleted comment keeps
 * its place while something is answered to it.
 */
export async function discussionOf(
  ctx: Ctx,
  proposalId: string,
  { cursor, limit, from = "" }: DiscussionPage,
): Promise<Discussion> {
  const comments = ctx.collection(commentsCollection);
  const start = cursor === null ? { $gte: from } : { $gt: String(unpackCursor(cursor, 1)[0]) };
  const firsts = await comments
    .find(
      { proposalId, parentId: null, state: visible, _id: start },
      { sort: { _id: 1 }, limit: limit + 1 },
    )
    .toArray();
  const { items, next } = sliceOf(firsts, limit, ({ _id }) => packCursor([_id]));
  const rootIds = items.map(({ _id }) => _id);
  const replies = rootIds.length === 0 ? [] : await repliesIn(ctx, proposalId, rootIds);
  const shown = replies.slice(0, mostReplies);
  return { threads: threadsOf([...items, ...shown]), next, cut: replies.length > mostReplies };
}

function repliesIn(ctx: Ctx, proposalId: string, rootIds: string[]): Promise<Comment[]> {
  return ctx
    .collection(commentsCollection)
    .find(
      { proposalId, rootId: { $in: rootIds }, depth: { $gt: 0 }, state: visible },
      { sort: { _id: 1 }, limit: mostReplies + 1 },
    )
    .toArray();
}

/** Put each comment under the one it answers; what was deleted and has no answer is left out. */
export function threadsOf(comments: readonly Comment[]): Thread[] {
  const known = new Set(comments.map(({ _id }) => _id));
  const children = new Map<string | null, Comment[]>();
  for (const comment of comments) {
    const parent = comment.parentId;
    const key = parent === null || known.has(parent) ? parent : comment.rootId;
    children.set(key, [...(children.get(key) ?? []), comment]);
  }
  const under = (key: string | null): Thread[] =>
    (children.get(key) ?? [])
      .map((comment) => ({ comment, replies: under(comment._id) }))
      .filter(({ comment, replies }) => comment.state !== "deleted" || replies.length > 0);
  return under(null);
}

/** The next people who have commented a proposal, by id after `after`; none when all were given. */
export async function commentersOf(
  ctx: Ctx,
  proposalId: string,
  after: string | null,
): Promise<string[]> {
  const found = await ctx
    .collection(commentsCollection)
    .find(
      { proposalId, authorId: { $gt: after ?? "" } },
      { sort: { authorId: 1 }, limit: 200, projection: { authorId: 1 } },
    )
    .toArray();
  return [...new Set(found.map(({ authorId }) => authorId))];
}

/** A person's comments that are shown, the newest first. */
export async function commentsBy(ctx: Ctx, authorId: string, limit: number): Promise<Comment[]> {
  return ctx
    .collection(commentsCollection)
    .find({ authorId, state: "shown" }, { sort: { _id: -1 }, limit })
    .toArray();
}

/** How many comments on a proposal wait for a moderator, counted up to 99. */
export async function heldUnder(ctx: Ctx, proposalId: string): Promise<number> {
  return ctx
    .collection(commentsCollection)
    .countDocuments({ proposalId, state: "held" }, { limit: 99 });
}
