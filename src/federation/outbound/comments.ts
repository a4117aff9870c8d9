import type { Comment } from "../../features/comments/comment.js";
import { commentById } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import { proposalById } from "../../features/proposals/proposals.js";
import { Postpone, type Ctx } from "../../kit/index.js";
import type { LocalActor } from "../addresses.js";
import { gatherComment, isNumbered } from "../documents/gather.js";
import { isSaidOnNetwork } from "../documents/on-network.js";
import type { Audience } from "../records.js";
import { homeInbox, remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { commentNote, tombstone } from "../translate/comment.js";
import { PUBLIC } from "../vocabulary.js";
import { forwardAll, type ForwardEdit } from "./forwards.js";
import { audienceOf } from "./proposals.js";
import { nobody, wasTold, type Draft, type FanOut, type Send } from "./send.js";

/** What telling of comments needs. */
export interface CommentTellers {
  readonly services: Services;
  readonly send: Send;
  readonly fanOut: FanOut;
  readonly forwardEdit: ForwardEdit;
}

type Told = "Create" | "Update" | "Delete";

/**
 * Tell of a comment that was published, edited or deleted. A citizen who agreed to the network says
 * it as themselves; what came from elsewhere is forwarded byte for byte to those who follow the
 * proposal; what a citizen wrote who did not agree stays here, and is only counted.
 */
export async function tellComment(
  tellers: CommentTellers,
  ctx: Ctx,
  commentId: string,
  type: Told,
): Promise<void> {
  if (type === "Update") await tellFirst(tellers, ctx, commentId);
  const id = ctx.ids.next();
  const comment = await commentById(ctx, commentId);
  if (comment === null || !mayBeTold(comment, type)) return;
  if (comment.origin === "elsewhere") return forwardAll(tellers, ctx, comment, type);
  const audience = await audienceFor(tellers.services, ctx, comment);
  if (audience === null) return;
  if (type === "Delete") return tellDeleted(tellers.send, ctx, comment, { id, audience });
  const gathered = await gatherComment(ctx, comment);
  if (gathered === null) return;
  const actor: LocalActor = { kind: "person", handle: gathered.author.handle };
  const what = String(gathered.comment.editedAt?.getTime() ?? 0);
  const note = commentNote(gathered);
  await tellers.send(ctx, {
    id,
    key: type === "Create" ? createKey(commentId) : `${type}/comment/${commentId}/${what}`,
    ...{ actor, type, object: note },
    ...{ objectUri: comment.uri, to: [PUBLIC], cc: note["cc"] as string[] },
    ...{ listed: type === "Create", audience },
  });
}

/**
 * Its changes may be heeded before it is: by another process, or because that failed once. It is told
 * first all the same; one that was imported is never told of as new.
 */
async function tellFirst(tellers: CommentTellers, ctx: Ctx, commentId: string): Promise<void> {
  if (await wasTold(ctx, createKey(commentId))) return;
  const comment = await commentById(ctx, commentId);
  const isNews = comment?.origin === "here" && comment.importKey === null;
  if (isNews) await tellComment(tellers, ctx, commentId, "Create");
}

function createKey(commentId: string): string {
  return `Create/comment/${commentId}/first`;
}

/** A moderator hid a comment of here, or shows it again: those who hold it are told of an edit. */
export async function tellHandled(
  tellers: CommentTellers,
  ctx: Ctx,
  commentId: string,
): Promise<void> {
  const comment = await commentById(ctx, commentId);
  if (comment?.origin === "here") await tellComment(tellers, ctx, commentId, "Update");
}

/** A comment of here that a moderator hid is told as an edit: its Note says so until it is shown again. */
function mayBeTold({ state, origin }: Comment, type: Told): boolean {
  if (type === "Delete") return state === "deleted";
  return state === "shown" || (state === "hidden" && type === "Update" && origin === "here");
}

async function tellDeleted(
  send: Send,
  ctx: Ctx,
  comment: Comment,
  told: Required<Pick<Draft, "id" | "audience">>,
): Promise<void> {
  const author = await personById(ctx, comment.authorId);
  if (author === null || author.uri === null) return;
  await send(ctx, {
    ...told,
    ...{ key: `Delete/comment/${comment._id}`, actor: { kind: "person", handle: author.handle } },
    ...{ type: "Delete", object: tombstone(comment.uri, "Note"), objectUri: comment.uri },
    ...{ to: [PUBLIC], listed: false },
  });
}

/** The proposal's followers, or the actor of a proposal elsewhere; the author's; who is answered. */
async function audienceFor(
  services: Services,
  ctx: Ctx,
  comment: Comment,
): Promise<Audience | null> {
  const proposal = await proposalById(ctx, comment.proposalId);
  if (proposal === null) return null;
  const inboxes = await answeredInboxes(services, ctx, comment);
  const author = await personById(ctx, comment.authorId);
  const followersOf = isSaidOnNetwork(author, comment) ? [author.uri] : [];
  if (isNumbered(proposal)) {
    const around = audienceOf(ctx, proposal);
    return { ...around, followersOf: [...around.followersOf, ...followersOf], inboxes };
  }
  if (proposal.elsewhere === null) return null;
  const inbox = await homeInbox(services, ctx, proposal.elsewhere);
  return { ...nobody, followersOf, inboxes: [inbox, ...inboxes] };
}

async function answeredInboxes(
  services: Services,
  ctx: Ctx,
  { parentId }: Comment,
): Promise<string[]> {
  const parent = parentId === null ? null : await commentById(ctx, parentId);
  if (parent === null || parent.origin === "here") return [];
  const author = await personById(ctx, parent.authorId);
  if (author === null || author.uri === null || author.erasedAt !== null) return [];
  try {
    const { sharedInbox, inbox } = await remoteActor(services, ctx, author.uri);
    return [sharedInbox ?? inbox];
  } catch (error) {
    if (error instanceof Postpone) throw error;
    return [];
  }
}
