import type { Comment } from "../../features/comments/comment.js";
import { commentByUri } from "../../features/comments/comments.js";
import {
  receiveComment,
  receiveCommentDeleted,
  receiveCommentEdit,
  type ReceivedComment,
} from "../../features/comments/receiving.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { responseByUri } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { localPath } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import type { Normal } from "../port.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import { personBehind, personNow, remoteActor } from "../remote-actors.js";
import { unlessDeleted } from "./deleted.js";
import type { Inbound, Outcome } from "./inbound.js";
import { provenanceOf } from "./provenance.js";
import {
  first,
  idOf,
  isPublic,
  mentionsIn,
  moment,
  recipients,
  wordsOf,
  updatedAt,
} from "./read.js";

/** Steps up a thread of strangers to something that we know (requirement 14). */
const mostAncestors = 10;

/** Where a comment belongs. */
interface Spot {
  readonly proposalId: string;
  readonly parentId: string | null;
  readonly answers: string | null;
}

async function spotOf(ctx: Ctx, answered: string): Promise<Spot | null> {
  const under = { parentId: null, answers: null };
  const proposal = await proposalByUri(ctx, newsOf(ctx, answered) ?? answered);
  if (proposal !== null) return { ...under, proposalId: proposal._id };
  const comment = await commentByUri(ctx, answered);
  if (comment !== null) return { ...under, proposalId: comment.proposalId, parentId: comment._id };
  const response = await responseByUri(ctx, answered);
  if (response === null) return null;
  return { ...under, proposalId: response.proposalId, answers: response.uri };
}

/** The proposal whose actor said a short note: who answers the news answers the proposal. */
function newsOf(ctx: Ctx, answered: string): string | null {
  const path = localPath(ctx.instance, answered) ?? "";
  const proposal = /^(\/proposals\/[1-9]\d{0,9})\/notes\/[0-9a-z]{26}$/.exec(path)?.[1];
  return proposal === undefined ? null : ctx.instance.url(proposal);
}

/** Climb from what a note answers to something known, when the note is addressed to us. */
async function findSpot(inbound: Inbound, note: Normal): Promise<Spot | null> {
  const { services, ctx, budget } = inbound;
  let answered = idOf(first(note, "inReplyTo"));
  for (let steps = 0; answered !== null && steps <= mostAncestors; steps += 1) {
    const spot = await spotOf(ctx, answered);
    if (spot !== null) return spot;
    if (localPath(ctx.instance, answered) !== null || !isForUs(inbound, note)) return null;
    const { fetchDocument } = services.reachOf(ctx.instance);
    const { document } = await fetchDocument(answered, { budget });
    answered = idOf(first(await services.normal.of(guardValue(document)), "inReplyTo"));
  }
  return null;
}

function isForUs({ ctx }: Inbound, note: Normal): boolean {
  return recipients(note).some((one) => localPath(ctx.instance, one) !== null);
}

/** The activity that tells of a comment. */
interface Telling {
  readonly ctx: Ctx;
  readonly entry: Pick<InboxEntry, "_id">;
}

/** Remember which comment an entry is about, before anybody is told, so that it can be forwarded. */
async function noteAbout(
  { ctx, entry }: Telling,
  about: Pick<InboxEntry, "about" | "saidAt">,
): Promise<void> {
  await ctx.collection(inboxCollection).updateOne({ _id: entry._id }, { $set: about });
}

/** A reply from the network becomes a comment, unless its author deleted it or themselves. */
export function takeComment(inbound: Inbound, note: Normal, authorUri: string): Promise<Outcome> {
  const { ctx, entry } = inbound;
  const uri = note.id ?? "";
  const owned = { uri, by: authorUri };
  return unlessDeleted(ctx, owned, {
    act: () => keepComment(inbound, note, authorUri),
    takeBack: (deletion) => {
      const told = deletion.uri === uri ? { _id: deletion.entryId } : entry;
      return dropComment({ ctx, entry: told }, uri, authorUri);
    },
  });
}

/**
 * Shown, waiting for a moderator, or refused; its HTML is cleaned before it is stored. For what is not
 * public nothing is fetched.
 */
async function keepComment(inbound: Inbound, note: Normal, authorUri: string): Promise<Outcome> {
  const { services, ctx, budget } = inbound;
  const uri = note.id ?? "";
  const spot = isPublic(note) ? await findSpot(inbound, note) : await knownSpot(ctx, note);
  if (spot === null) return "answers nothing of ours";
  const words = wordsOf(note);
  if (words.text === "") return "no words";
  const author = await remoteActor(services, ctx, authorUri, { budget });
  const person = await personBehind(ctx, author);
  if (person.erasedAt !== null) return "deleted actor";
  const publishedAt = moment(first(note, "published"), ctx.clock.now());
  const from = await provenanceOf(inbound, { note, author, proposalId: spot.proposalId });
  // What is not public is never sent on.
  if (isPublic(note)) await noteAbout(inbound, { about: uri });
  const editedAt = updatedAt(note, ctx.clock.now());
  const received = {
    ...{ ...spot, ...words, uri, personId: person._id, publishedAt, from },
    editedAt: editedAt !== null && editedAt > publishedAt ? editedAt : null,
  };
  const kept = await receiveComment(ctx, received);
  if (isOlder(kept, received) || wasNarrowed(kept, received))
    return rewordComment(inbound, note, kept);
  const { state, handled } = kept;
  if (state === "shown") return "comment";
  return `comment ${state}: ${handled?.why.join(", ") ?? ""}`;
}

/** Whether another word about it was faster, and what it said was changed since. */
function isOlder(
  kept: Pick<Comment, "editedAt">,
  { editedAt }: Pick<Comment, "editedAt">,
): boolean {
  return editedAt !== null && (kept.editedAt === null || kept.editedAt < editedAt);
}

/** Whether it is not public any more, but still as it was said before. */
function wasNarrowed(kept: Pick<Comment, "state">, { from }: Pick<ReceivedComment, "from">) {
  return !from.isPublic && kept.state !== "refused";
}

async function knownSpot(ctx: Ctx, note: Normal): Promise<Spot | null> {
  const answered = idOf(first(note, "inReplyTo"));
  return answered === null ? null : spotOf(ctx, answered);
}

/**
 * An edited reply; only its own author's word counts. As on Mastodon an edit says when it was made:
 * one without `updated` tells of figures alone, and one that is older than what is held is late. One
 * that is not for everybody any more ends what was: its words are read by nobody here.
 */
export async function takeCommentEdit(
  inbound: Inbound,
  note: Normal,
  authorUri: string,
): Promise<Outcome> {
  const comment = await commentByUri(inbound.ctx, note.id ?? "");
  return comment === null
    ? takeComment(inbound, note, authorUri)
    : rewordComment(inbound, note, comment);
}

async function rewordComment(inbound: Inbound, note: Normal, comment: Comment): Promise<Outcome> {
  const { ctx } = inbound;
  const { uri } = comment;
  const author = await personNow(ctx, idOf(first(note, "attributedTo")) ?? "");
  if (author === null || author._id !== comment.authorId) return "not its author";
  const editedAt = updatedAt(note, ctx.clock.now());
  if (editedAt !== null && isOlder({ editedAt }, comment)) return "older than what is held";
  if (!isPublic(note)) {
    await receiveCommentDeleted(ctx, uri, author._id);
    return "not public any more";
  }
  if (editedAt === null) return "figures only";
  await noteAbout(inbound, { about: uri, saidAt: editedAt });
  const words = { ...wordsOf(note), mentions: mentionsIn(note), editedAt };
  const taken = await receiveCommentEdit(ctx, uri, author._id, words);
  return taken ? "comment edited" : "comment edit refused";
}

/** A deleted reply; only its own author's word counts. */
export async function dropComment(
  inbound: Telling,
  uri: string,
  authorUri: string,
): Promise<Outcome> {
  const { ctx } = inbound;
  const comment = await commentByUri(ctx, uri);
  if (comment === null || comment.origin === "here") return "unknown";
  const author = await personNow(ctx, authorUri);
  if (author === null || author._id !== comment.authorId) return "not its author";
  await noteAbout(inbound, { about: uri });
  await receiveCommentDeleted(ctx, uri, author._id);
  return "comment deleted";
}
