import { cleanRemoteHtml, htmlToText } from "../../kit/text/sanitize.js";
import { insertMissing, type Ctx } from "../../kit/index.js";
import type { Comment } from "../comments/comment.js";
import { commentsCollection } from "../comments/comments.js";
import { proposalsCollection } from "../proposals/proposals.js";
import { importId } from "./import-id.js";
import { authorIds } from "./people.js";
import type { ImportComment, ImportRow } from "./row.js";

/** A row with the proposal it became. */
export interface Placed {
  readonly row: ImportRow;
  readonly proposalId: string;
}

/** What an answer needs to know of the comment that it answers. */
type Anchor = Pick<Comment, "_id" | "proposalId" | "rootId" | "depth">;

/**
 * Store the comments that are not there yet, each under the one it answers, also when that came with
 * an earlier run.
 * @returns how many are new
 */
export async function importComments(
  ctx: Ctx,
  placed: readonly Placed[],
  source: string,
): Promise<number> {
  const keyOf = (id: number): string => `${source}/comment-${id}`;
  const authorOf = authorIds(ctx, source);
  const anchors = await knownAnchors(ctx, keysOf(placed, keyOf));
  const fresh: Comment[] = [];
  for (const { row, proposalId } of placed) {
    for (const comment of parentsFirst(row.comments)) {
      const importKey = keyOf(comment.id);
      if (anchors.has(importKey)) continue;
      const parent = comment.parent === null ? undefined : anchors.get(keyOf(comment.parent));
      const above = parent?.proposalId === proposalId ? parent : null;
      const _id = importId(ctx, comment.createdAt, importKey);
      const made: Comment = {
        ...{ _id, uri: ctx.instance.url(`/comments/${_id}`), proposalId, importKey },
        ...{ parentId: above?._id ?? null, rootId: above?.rootId ?? _id },
        ...{ depth: above === null ? 0 : above.depth + 1, authorId: authorOf(comment.author) },
        ...wordsOf(comment),
      };
      anchors.set(importKey, made);
      fresh.push(made);
    }
  }
  return insertMissing(ctx.collection(commentsCollection), fresh);
}

function wordsOf({ body, createdAt }: ImportComment) {
  const html = cleanRemoteHtml(body);
  const words = { body: htmlToText(html), html, publishedAt: createdAt, editedAt: null };
  return { ...words, origin: "here", state: "shown" } as const;
}

function keysOf(placed: readonly Placed[], keyOf: (id: number) => string): string[] {
  const ids = placed.flatMap(({ row }) =>
    row.comments.flatMap(({ id, parent }) => (parent === null ? [id] : [id, parent])),
  );
  return [...new Set(ids)].map(keyOf);
}

async function knownAnchors(ctx: Ctx, keys: readonly string[]): Promise<Map<string, Anchor>> {
  const known = new Map<string, Anchor>();
  for (let start = 0; start < keys.length; start += 500) {
    const found = await ctx
      .collection(commentsCollection)
      .find({ importKey: { $in: keys.slice(start, start + 500) } })
      .toArray();
    for (const comment of found) {
      if (comment.importKey !== null) known.set(comment.importKey, comment);
    }
  }
  return known;
}

/** By time, but each comment after the one it answers, also where dates disagree or run in a circle. */
export function parentsFirst(comments: readonly ImportComment[]): ImportComment[] {
  const byId = new Map(comments.map((comment) => [comment.id, comment]));
  const seen = new Set<number>();
  return comments
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || a.id - b.id)
    .flatMap((comment) => {
      const upwards: ImportComment[] = [];
      let at: ImportComment | undefined = comment;
      while (at !== undefined && !seen.has(at.id)) {
        seen.add(at.id);
        upwards.push(at);
        at = at.parent === null ? undefined : byId.get(at.parent);
      }
      return upwards.reverse();
    });
}

/** Count the comments of proposals from an earlier run that a newer file has more to say about. */
export async function recountComments(ctx: Ctx, proposalIds: readonly string[]): Promise<void> {
  for (const proposalId of proposalIds) {
    const comments = await ctx
      .collection(commentsCollection)
      .countDocuments({ proposalId, state: "shown" });
    await ctx
      .collection(proposalsCollection)
      .updateOne({ _id: proposalId }, { $set: { "counts.comments": comments } });
  }
}
