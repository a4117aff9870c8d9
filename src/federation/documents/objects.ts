import type { Comment } from "../../features/comments/comment.js";
import { commentById } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import type { Person } from "../../features/people/person.js";
import { proposalById, proposalByNumber } from "../../features/proposals/proposals.js";
import { responseById } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { commentNote, tombstone, type CommentInPublic } from "../translate/comment.js";
import { proposalNote } from "../translate/proposal.js";
import { responseNote } from "../translate/response.js";
import { document, nothing, onlyPage, type Found } from "./found.js";
import { gatherComment, gatherProposal, gatherResponse, isNumbered } from "./gather.js";

/** The Note of a proposal of this instance. */
export async function findProposal(ctx: Ctx, number: number): Promise<Found> {
  const proposal = await proposalByNumber(ctx, number);
  if (!isNumbered(proposal)) return nothing;
  return document(proposalNote(await gatherProposal(ctx, proposal)));
}

/**
 * The Note of a comment. Comments of citizens who did not agree to the network never were on it and
 * have but a page; those of citizens who left it, and deleted ones, are gone.
 */
export async function findComment(ctx: Ctx, id: string): Promise<Found> {
  const comment = await commentById(ctx, id);
  if (comment === null) return nothing;
  const isNote = mayBeNote(comment);
  const author = isNote ? await personById(ctx, comment.authorId) : null;
  return commentFound(comment, author, isNote ? await gatherComment(ctx, comment) : null);
}

/** Whether there can be a Note of a comment at all: it was written here, and is not removed. */
export function mayBeNote({ origin, state }: Pick<Comment, "origin" | "state">): boolean {
  return origin === "here" && (state === "shown" || state === "hidden");
}

/** What is at the address of a comment, given its author and what its Note tells. */
export function commentFound(
  comment: Comment,
  author: Person | null,
  gathered: CommentInPublic | null,
): Found {
  const { origin, state, uri } = comment;
  if (state === "held" || state === "refused") return nothing;
  if (origin === "elsewhere") return state === "shown" ? { kind: "elsewhere", uri } : nothing;
  const gone: Found = { kind: "gone", body: tombstone(uri, "Note") };
  if (state === "deleted") return gone;
  if (gathered !== null) return document(commentNote(gathered));
  return author === null || author.uri === null ? onlyPage : gone;
}

/** The Note of an official response; one that came from elsewhere is read at its home. */
export async function findResponse(ctx: Ctx, id: string): Promise<Found> {
  const response = await responseById(ctx, id);
  if (response === null) return nothing;
  if (response.uri !== ctx.instance.url(`/responses/${id}`)) {
    return { kind: "elsewhere", uri: response.uri };
  }
  const proposal = await proposalById(ctx, response.proposalId);
  if (proposal === null) return nothing;
  return document(responseNote(await gatherResponse(ctx, response, proposal)));
}
