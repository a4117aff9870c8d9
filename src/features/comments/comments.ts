import { z } from "zod";
import { renderMarkdown } from "../../kit/text/markdown.js";
import {
  defineCollection,
  defineEvent,
  Refusal,
  throttle,
  type Ctx,
  type Member,
} from "../../kit/index.js";
import { personById } from "../people/people.js";
import { countComment } from "../proposals/movement.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import type { Comment } from "./comment.js";

const payload = z.object({ commentId: z.string() });

/** A comment is shown from now on (written here, or received and let through). */
export const commentPublished = defineEvent("comment-published", payload);
/** Its author changed it. */
export const commentEdited = defineEvent("comment-edited", payload);
/** Its author removed it; its place remains. */
export const commentDeleted = defineEvent("comment-deleted", payload);
/** A moderator refused, hid or showed it again. */
export const commentHandled = defineEvent("comment-handled", payload);

export const commentsCollection = defineCollection<Comment>("comments", [
  { keys: { uri: 1 }, unique: true },
  { keys: { importKey: 1 }, unique: true, partialFilterExpression: { importKey: { $gt: "" } } },
  { keys: { proposalId: 1, rootId: 1, _id: 1 } },
  { keys: { proposalId: 1, parentId: 1, state: 1, _id: 1 } },
  { keys: { proposalId: 1, _id: 1 } },
  { keys: { answers: 1, state: 1, _id: 1 }, partialFilterExpression: { answers: { $gt: "" } } },
  { keys: { proposalId: 1, state: 1, publishedAt: -1 } },
  { keys: { proposalId: 1, authorId: 1 } },
  { keys: { authorId: 1, _id: 1 } },
  { keys: { authorId: 1, state: 1, _id: 1 } },
  { keys: { state: 1, _id: 1 } },
  {
    keys: { "handled.site": 1, state: 1 },
    partialFilterExpression: { "handled.site": { $gt: "" } },
  },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** What somebody writes under a proposal; without a parent it answers the proposal itself. */
export interface NewComment {
  readonly proposalId: string;
  readonly parentId: string | null;
  /** Markdown. */
  readonly body: string;
}

const writing = { what: "comments", limit: 30, windowMs: 10 * 60_000 };

/** A comment by id, or null. */
export async function commentById(ctx: Ctx, id: string): Promise<Comment | null> {
  return ctx.collection(commentsCollection).findOne({ _id: id });
}

/** A comment by the id of its Note on the network, or null. */
export async function commentByUri(ctx: Ctx, uri: string): Promise<Comment | null> {
  return ctx.collection(commentsCollection).findOne({ uri });
}

/** Several comments at once, by id; unknown ids are left out. At most 1,000 ids. */
export async function commentsByIds(
  ctx: Ctx,
  ids: readonly string[],
): Promise<Map<string, Comment>> {
  const wanted = [...new Set(ids)].slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(commentsCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((comment) => [comment._id, comment]));
}

/**
 * Publish the member's comment. Refused on a withdrawn proposal, under a comment that is gone, and on
 * another instance's proposal while the member has not agreed to the network ("needs-consent").
 */
export async function publishComment(ctx: Ctx, input: NewComment): Promise<Comment> {
  const { member } = ctx;
  if (member === null) throw new Refusal("not-signed-in");
  const proposal = await openProposal(ctx, input.proposalId);
  await assertMayComment(ctx, member, proposal);
  const parent = await parentOf(ctx, input);
  await throttle(ctx, writing, member._id);
  const _id = ctx.ids.next();
  const comment: Comment = {
    ...placeOf(input, parent, _id),
    ...{ _id, uri: ctx.instance.url(`/comments/${_id}`), authorId: member._id },
    ...{ body: input.body, html: renderMarkdown(input.body), origin: "here", state: "shown" },
    ...{ publishedAt: ctx.clock.now(), editedAt: null, importKey: null },
  };
  return keepShown(ctx, comment);
}

async function openProposal(ctx: Ctx, proposalId: string): Promise<Proposal> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal === null) throw new Refusal("not-found");
  if (proposal.status === "withdrawn") throw new Refusal("withdrawn");
  return proposal;
}

async function assertMayComment(ctx: Ctx, member: Member, proposal: Proposal): Promise<void> {
  if (proposal.origin === "here") return;
  const person = await personById(ctx, member._id);
  if (person?.federated !== true) throw new Refusal("needs-consent");
}

async function parentOf(
  ctx: Ctx,
  { parentId, proposalId }: Pick<NewComment, "parentId" | "proposalId">,
): Promise<Comment | null> {
  if (parentId === null) return null;
  const parent = await commentById(ctx, parentId);
  if (parent === null || parent.proposalId !== proposalId) throw new Refusal("not-found");
  if (parent.state !== "shown") throw new Refusal("gone");
  return parent;
}

/** Where a comment stands in its discussion. */
export function placeOf(
  { proposalId }: { proposalId: string },
  parent: Comment | null,
  ownId: string,
) {
  return {
    proposalId,
    parentId: parent?._id ?? null,
    rootId: parent?.rootId ?? ownId,
    depth: parent === null ? 0 : Math.min(parent.depth + 1, 1000),
  };
}

/** Store a comment that is shown from now on, and have everybody told. */
export async function keepShown(ctx: Ctx, comment: Comment): Promise<Comment> {
  await ctx.commit(commentPublished, { commentId: comment._id }, async () => {
    await ctx.collection(commentsCollection).insertOne(comment);
    await countComment(ctx, comment.proposalId, 1);
  });
  return comment;
}

/** Change one's own comment. */
export async function editComment(
  ctx: Ctx,
  id: string,
  { body }: Pick<NewComment, "body">,
): Promise<Comment> {
  const comment = await ownComment(ctx, id);
  if (comment.state !== "shown") throw new Refusal("not-allowed");
  await openProposal(ctx, comment.proposalId);
  return rewrite(ctx, comment, { body, html: renderMarkdown(body) });
}

async function ownComment(ctx: Ctx, id: string): Promise<Comment> {
  const { member } = ctx;
  if (member === null) throw new Refusal("not-signed-in");
  const comment = await commentById(ctx, id);
  if (comment === null) throw new Refusal("not-found");
  if (comment.authorId !== member._id) throw new Refusal("not-allowed");
  if (comment.state === "deleted") throw new Refusal("gone");
  return comment;
}

/**
 * Change the words of a comment as of `editedAt`; refuses ("gone") what nobody may change any more.
 * Words that were changed later stay as they are.
 */
export async function rewrite(
  ctx: Ctx,
  comment: Comment,
  words: Pick<Comment, "body" | "html">,
  editedAt: Date = ctx.clock.now(),
): Promise<Comment> {
  if (comment.html === words.html && comment.body === words.body) return comment;
  const changed = await ctx.commit(commentEdited, { commentId: comment._id }, () =>
    ctx.collection(commentsCollection).findOneAndUpdate(
      {
        ...{ _id: comment._id, state: { $in: ["shown", "held"] } },
        $or: [{ editedAt: null }, { editedAt: { $lte: editedAt } }],
      },
      { $set: { ...words, editedAt } },
      { returnDocument: "after" },
    ),
  );
  if (changed !== null) return changed;
  const now = await commentById(ctx, comment._id);
  if (now === null || (now.state !== "shown" && now.state !== "held")) throw new Refusal("gone");
  return now;
}

/** Remove one's own comment: its words are forgotten, its place is kept. Moderators hide instead. */
export async function deleteComment(ctx: Ctx, id: string): Promise<void> {
  await forget(ctx, await ownComment(ctx, id));
}

/** Forget the words of a comment. One that was never shown goes without anybody being told. */
export async function forget(ctx: Ctx, comment: Comment): Promise<void> {
  const rows = ctx.collection(commentsCollection);
  const gone = { state: "deleted", body: "", html: "", editedAt: ctx.clock.now() } as const;
  const unseen = await rows.updateOne(
    { _id: comment._id, state: { $in: ["held", "refused"] } },
    { $set: gone, $unset: { expiresAt: "" } },
  );
  if (unseen.matchedCount > 0) return;
  await ctx.commit(commentDeleted, { commentId: comment._id }, async () => {
    const before = await rows.findOneAndUpdate(
      { _id: comment._id, state: { $in: ["shown", "hidden"] } },
      { $set: gone },
      { returnDocument: "before" },
    );
    if (before?.state === "shown") await countComment(ctx, comment.proposalId, -1);
  });
}
