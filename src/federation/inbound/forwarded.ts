import { FetchRefused } from "../../drivers/fetch.js";
import { commentByUri } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import type { Ctx } from "../../kit/index.js";
import { localPath, sameOrigin } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import type { Normal } from "../port.js";
import { dropComment, takeComment, takeCommentEdit } from "./comments.js";
import { rememberDeleted } from "./deleted.js";
import type { Inbound, Outcome } from "./inbound.js";
import { first, idOf, isNormal, updatedAt } from "./read.js";

/**
 * What somebody forwarded with its author's own proof: the author's word about a comment, whoever
 * brought it, and nothing is asked for. An edit that is not known to be newer than what we hold is read again at
 * its own address, since a proof does not say that nothing came after it.
 */
export async function takeProven(inbound: Inbound): Promise<Outcome> {
  const { ctx, entry, activity, actor } = inbound;
  const uri = entry.objectUri;
  if (uri === null || !sameOrigin(uri, actor)) return "not theirs";
  if (entry.type === "Delete") {
    await rememberDeleted(inbound, { uri, by: actor });
    return dropComment(inbound, uri, actor);
  }
  const note = first(activity, "object");
  if (!isNormal(note)) return takeForwarded(inbound);
  if (idOf(first(note, "attributedTo")) !== actor) return "not its author";
  if (entry.type === "Create") return takeComment(inbound, note, actor);
  if (!(await isNews(ctx, note, uri))) return takeForwarded(inbound);
  return takeCommentEdit(inbound, note, actor);
}

async function isNews(ctx: Ctx, note: Normal, uri: string): Promise<boolean> {
  const comment = await commentByUri(ctx, uri);
  if (comment === null) return true;
  const updated = updatedAt(note, ctx.clock.now());
  return updated !== null && updated > (comment.editedAt ?? comment.publishedAt);
}

/**
 * What a linked instance forwarded: nothing in it is believed. The object is asked for at its own
 * address, and its own author's comment is what we keep; what is gone there goes here, too.
 */
export async function takeForwarded(inbound: Inbound): Promise<Outcome> {
  const { services, ctx, entry, budget } = inbound;
  const uri = entry.objectUri;
  if (uri === null || !["Create", "Update", "Delete"].includes(entry.type))
    return "not forwardable";
  if (localPath(ctx.instance, uri) !== null) return "ours";
  const { fetchDocument } = services.reachOf(ctx.instance);
  try {
    const { id, document } = await fetchDocument(uri, { budget });
    const note = await services.normal.of(guardValue(document));
    const author = idOf(first(note, "attributedTo"));
    if (note.type === "Tombstone") return await dropKnown(inbound, uri);
    if (id !== uri || author === null || !sameOrigin(author, uri)) return "not its author";
    return entry.type === "Create"
      ? await takeComment(inbound, note, author)
      : await takeCommentEdit(inbound, note, author);
  } catch (error) {
    if (error instanceof FetchRefused && error.isGone) return dropKnown(inbound, uri);
    throw error;
  }
}

async function dropKnown(inbound: Inbound, uri: string): Promise<Outcome> {
  const { ctx } = inbound;
  await rememberDeleted(inbound, { uri, by: uri });
  const comment = await commentByUri(ctx, uri);
  const author = comment === null ? null : await personById(ctx, comment.authorId);
  return author?.uri == null ? "unknown" : dropComment(inbound, uri, author.uri);
}
