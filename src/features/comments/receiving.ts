import { isDuplicate, Refusal, type Ctx } from "../../kit/index.js";
import { cleanRemoteHtml } from "../../kit/text/sanitize.js";
import { standingOf } from "../people/standing.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import type { Comment } from "./comment.js";
import {
  commentById,
  commentByUri,
  commentsCollection,
  forget,
  keepShown,
  placeOf,
  rewrite,
} from "./comments.js";
import {
  judgeComment,
  mostWaiting,
  spamMentions,
  type Provenance,
  type Signals,
  type Verdict,
} from "./verdict.js";

/** A comment as the network tells it. */
export interface ReceivedComment {
  readonly uri: string;
  readonly proposalId: string;
  readonly parentId: string | null;
  /** The official response that it names, or null. */
  readonly answers?: string | null;
  readonly personId: string;
  readonly html: string;
  /** The same as plain text. */
  readonly text: string;
  readonly publishedAt: Date;
  /** When it was last changed before it came here; null or absent when it never was. */
  readonly editedAt?: Date | null;
  readonly from: Provenance;
}

/** Words of elsewhere, before they are cleaned. */
export type ReceivedWords = Pick<ReceivedComment, "html" | "text">;

/** A refused comment is kept this long, so that moderators can see why, and then forgotten. */
export const refusedMs = 30 * 24 * 3_600_000;

interface Spot {
  readonly proposal: Proposal;
  readonly parent: Comment | null;
}

/**
 * Keep a comment of the network; told twice, it is one. The rule of `judgeComment` decides whether it
 * is shown, waits for a moderator, or is refused; only one that is shown is counted and told of. Its
 * HTML is cleaned before it is stored; of one that was not public no word is kept.
 */
export async function receiveComment(ctx: Ctx, input: ReceivedComment): Promise<Comment> {
  const known = await commentByUri(ctx, input.uri);
  if (known !== null) return known;
  const spot = await spotOf(ctx, input);
  const verdict = judgeComment(await signalsOf(ctx, input, spot));
  const comment = commentOf(ctx, input, spot, verdict);
  try {
    if (comment.state === "shown") return await keepShown(ctx, comment);
    await ctx.collection(commentsCollection).insertOne(comment);
    return comment;
  } catch (error) {
    const first = isDuplicate(error) ? await commentByUri(ctx, input.uri) : null;
    if (first === null) throw error;
    return first;
  }
}

async function spotOf(ctx: Ctx, input: ReceivedComment): Promise<Spot> {
  const { proposalId, parentId } = input;
  const proposal = await proposalById(ctx, proposalId);
  const parent = parentId === null ? null : await commentById(ctx, parentId);
  if (proposal === null || (parentId !== null && parent?.proposalId !== proposalId)) {
    throw new Refusal("not-found");
  }
  return { proposal, parent };
}

async function signalsOf(ctx: Ctx, input: ReceivedComment, spot: Spot): Promise<Signals> {
  const { personId: authorId, from } = input;
  const rows = ctx.collection(commentsCollection);
  const held = (filter: { authorId?: string; "handled.site"?: string }, limit: number) =>
    rows.countDocuments({ ...filter, state: "held" }, { limit });
  const [standing, shown, ofAuthor, ofSite, ofAll] = await Promise.all([
    standingOf(ctx, authorId),
    rows.findOne({ authorId, state: "shown" }, { projection: { _id: 1 } }),
    held({ authorId }, mostWaiting.ofAuthor),
    held({ "handled.site": from.site }, mostWaiting.ofSite),
    held({}, mostWaiting.ofAll),
  ]);
  const stands = standing?.standing;
  return {
    ...from,
    standing: stands === "trusted" || stands === "blocked" ? stands : null,
    wasShown: shown !== null,
    answers: spot.parent?.state ?? null,
    isWithdrawn: spot.proposal.status === "withdrawn",
    waiting: { ofAuthor, ofSite, ofAll },
  };
}

function commentOf(
  ctx: Ctx,
  input: ReceivedComment,
  { parent }: Spot,
  { state, why }: Verdict,
): Comment {
  const _id = ctx.ids.next();
  const at = ctx.clock.now();
  const isSecret = why.includes("not-public");
  const comment: Comment = {
    ...placeOf(input, parent, _id),
    ...{ _id, uri: input.uri, authorId: input.personId },
    ...(isSecret ? { body: "", html: "" } : cleaned(input)),
    ...{ origin: "elsewhere", state, editedAt: input.editedAt ?? null, importKey: null },
    ...(input.answers == null ? {} : { answers: input.answers }),
    publishedAt: input.publishedAt,
  };
  if (state === "shown") return comment;
  const { host, site } = input.from;
  const handled = { what: null, why, at, by: null, note: "", decisionId: null, host, site };
  if (state === "held") return { ...comment, handled };
  return { ...comment, handled, expiresAt: new Date(at.getTime() + refusedMs) };
}

function cleaned({ html, text }: ReceivedWords): Pick<Comment, "body" | "html"> {
  return { body: text.slice(0, 20_000), html: cleanRemoteHtml(html) };
}

/**
 * Their author changed a comment of the network; of anybody else it is refused. What waits goes on
 * waiting with its new words; what was refused or hidden stays as it was, and so do words that were
 * changed after `editedAt`.
 * @returns whether the new words were taken
 */
export async function receiveCommentEdit(
  ctx: Ctx,
  uri: string,
  personId: string,
  words: ReceivedWords & { readonly mentions: number; readonly editedAt?: Date },
): Promise<boolean> {
  const comment = await commentByUri(ctx, uri);
  if (comment === null) throw new Refusal("not-found");
  if (comment.authorId !== personId) throw new Refusal("not-allowed");
  if (comment.state !== "shown" && comment.state !== "held") return false;
  if (words.mentions > spamMentions) return false;
  const { editedAt = ctx.clock.now() } = words;
  const kept = await rewrite(ctx, comment, cleaned(words), editedAt);
  if (kept.editedAt !== null && kept.editedAt >= editedAt) return true;
  // The same words at a later moment: what was said between the two may still be under way.
  await ctx
    .collection(commentsCollection)
    .updateOne({ _id: comment._id, editedAt: kept.editedAt }, { $set: { editedAt } });
  return true;
}

/** Their author removed a comment of the network; of anybody else it is refused. */
export async function receiveCommentDeleted(
  ctx: Ctx,
  uri: string,
  personId: string,
): Promise<void> {
  const comment = await commentByUri(ctx, uri);
  if (comment === null || comment.state === "deleted") return;
  if (comment.authorId !== personId) throw new Refusal("not-allowed");
  await forget(ctx, comment);
}
