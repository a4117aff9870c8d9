import { commentByUri } from "../../features/comments/comments.js";
import { personById } from "../../features/people/people.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { isGivenHere, responseByUri } from "../../features/responses/responses.js";
import type { Ctx } from "../../kit/index.js";
import { city, localPath, type LocalActor } from "../addresses.js";
import { isNumbered } from "../documents/gather.js";
import { isSaidOnNetwork } from "../documents/on-network.js";
import { activitiesCollection } from "../records.js";

/** A public Note of ours, and whose it is. */
export interface OurNote {
  readonly uri: string;
  readonly actor: LocalActor;
  /** The proposal, where it is one and not something said about one. */
  readonly proposal: Proposal | null;
}

/**
 * The Note of ours that an address means: its own id, or the id of the public activity that created
 * it. What is not public is not found, and so cannot be liked, boosted or quoted (requirement 21).
 */
export async function noteMeant(ctx: Ctx, uri: string): Promise<string | null> {
  const path = localPath(ctx.instance, uri);
  if (path === null) return null;
  const id = /^\/activities\/([0-9a-z]{26})$/.exec(path)?.[1];
  if (id === undefined) return uri;
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id, listed: true });
  return activity === null || activity.type !== "Create" ? null : activity.objectUri;
}

/** The Note of ours at an address, as long as everybody may read it; null for everything else. */
export async function ourNote(ctx: Ctx, meant: string): Promise<OurNote | null> {
  const uri = await noteMeant(ctx, meant);
  const [, kind] = /^\/([a-z]+)\//.exec((uri && localPath(ctx.instance, uri)) ?? "") ?? [];
  if (uri === null || kind === undefined) return null;
  if (kind === "comments") return ourComment(ctx, uri);
  if (kind === "responses") {
    const response = await responseByUri(ctx, uri);
    if (response === null || !isGivenHere(ctx, response)) return null;
    return { uri, actor: city, proposal: null };
  }
  return kind === "proposals" ? ourProposal(ctx, uri) : null;
}

async function ourComment(ctx: Ctx, uri: string): Promise<OurNote | null> {
  const comment = await commentByUri(ctx, uri);
  if (comment === null || comment.origin !== "here" || comment.state !== "shown") return null;
  const author = await personById(ctx, comment.authorId);
  if (!isSaidOnNetwork(author, comment)) return null;
  return { uri, actor: { kind: "person", handle: author.handle }, proposal: null };
}

/** A proposal, or a short note that its actor has said about it. */
async function ourProposal(ctx: Ctx, uri: string): Promise<OurNote | null> {
  const [, home = uri, news] = /^(.+\/proposals\/\d+)\/notes\/([0-9a-z]{26})$/.exec(uri) ?? [];
  const proposal = await proposalByUri(ctx, home);
  if (!isNumbered(proposal)) return null;
  const actor: LocalActor = { kind: "proposal", number: proposal.number };
  if (news === undefined) return { uri, actor, proposal };
  const told = await ctx.collection(activitiesCollection).findOne({ _id: news });
  return told?.objectUri === uri ? { uri, actor, proposal: null } : null;
}
