import { commentByUri } from "../../features/comments/comments.js";
import { personByUri } from "../../features/people/people.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { responseByUri } from "../../features/responses/responses.js";
import { receiveSupport, receiveSupportTakenBack } from "../../features/supports/supports.js";
import type { Ctx } from "../../kit/index.js";
import { localActor, localPath, sameOrigin } from "../addresses.js";
import { isNumbered } from "../documents/gather.js";
import {
  activitiesCollection,
  followersCollection,
  reactionsCollection,
  type Reaction,
} from "../records.js";
import { personBehind, remoteActor } from "../remote-actors.js";
import { rememberDeleted, wasDeleted } from "./deleted.js";
import type { Handle, Inbound } from "./inbound.js";
import { isLinkedActor, takeProposalAt } from "./linked.js";
import { all, first, idOf, isNormal } from "./read.js";

/**
 * The Note of ours that an address means: its own id, or the id of the public activity that created
 * it. What is not public is not found, and so cannot be liked or boosted (requirement 21).
 */
async function meant(ctx: Ctx, uri: string): Promise<string | null> {
  const path = localPath(ctx.instance, uri);
  if (path === null) return null;
  const id = /^\/activities\/([0-9a-z]{26})$/.exec(path)?.[1];
  if (id === undefined) return uri;
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: id, listed: true });
  return activity === null || activity.type !== "Create" ? null : activity.objectUri;
}

async function note(
  { ctx, entry, actor }: Inbound,
  kind: Reaction["kind"],
  objectUri: string,
): Promise<void> {
  await ctx.collection(reactionsCollection).updateOne(
    { kind, actorUri: actor, objectUri },
    {
      $set: { activityUri: entry.activityUri },
      $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() },
    },
    { upsert: true },
  );
}

/**
 * A favourite of a proposal is a support, counted once a person. One whose Undo overtook it, before or
 * while it was acted on, does not count.
 */
export const like: Handle = async (inbound) => {
  const { services, ctx, entry, actor, activity, budget } = inbound;
  const uri = idOf(first(activity, "object"));
  const objectUri = uri === null ? null : await meant(ctx, uri);
  const proposal = objectUri === null ? null : await proposalByUri(ctx, objectUri);
  if (!isNumbered(proposal)) return "not a proposal of ours";
  const person = await personBehind(ctx, await remoteActor(services, ctx, actor, { budget }));
  if (person.erasedAt !== null) return "deleted actor";
  await note(inbound, "like", proposal.uri);
  const support = { proposalId: proposal._id, personId: person._id };
  await receiveSupport(ctx, support);
  if (!(await wasDeleted(ctx, entry.activityUri))) return "support";
  await receiveSupportTakenBack(ctx, support);
  await ctx.collection(reactionsCollection).deleteOne({ activityUri: entry.activityUri });
  return "undone before";
};

/** A boost of something of ours is counted; a linked instance's boost leads to its proposals. */
export const announce: Handle = async (inbound) => {
  const { ctx, actor, activity } = inbound;
  const uri = idOf(first(activity, "object"));
  if (uri === null) return "nothing boosted";
  const objectUri = await meant(ctx, uri);
  if (objectUri === null) {
    if (!sameOrigin(uri, actor) || !(await isLinkedActor(ctx, actor))) return "not ours";
    return takeProposalAt(inbound, uri);
  }
  const comment = await commentByUri(ctx, objectUri);
  const isOurs =
    comment !== null
      ? comment.origin === "here" && comment.state === "shown"
      : isNumbered(await proposalByUri(ctx, objectUri)) ||
        (await responseByUri(ctx, objectUri)) !== null;
  if (!isOurs) return "not ours";
  await note(inbound, "announce", objectUri);
  return "share";
};

/** Undo by the id of what is undone, or by its type and object, since ids may be missing or new. */
export const undo: Handle = async (inbound) => {
  const { ctx, actor, activity } = inbound;
  const [object] = all(activity, "object", 1);
  const undoneUri = idOf(object) ?? "";
  const inner = isNormal(object) ? idOf(first(object, "object")) : null;
  const type = isNormal(object) ? object.type : undefined;
  if (sameOrigin(undoneUri, actor)) await rememberDeleted(ctx, undoneUri);
  if (await unfollow(inbound, undoneUri, type === "Follow" ? inner : null)) return "unfollowed";
  const rows = ctx.collection(reactionsCollection);
  const kind = type === "Like" ? "like" : type === "Announce" ? "announce" : null;
  const target = inner === null ? null : await meant(ctx, inner);
  const reaction =
    (await rows.findOne({ activityUri: undoneUri, actorUri: actor })) ??
    (kind === null || target === null
      ? null
      : await rows.findOne({ kind, actorUri: actor, objectUri: target }));
  if (reaction === null) return "nothing to undo";
  if (reaction.kind === "like") await takeBack(ctx, reaction);
  await rows.deleteOne({ _id: reaction._id });
  return `${reaction.kind} undone`;
};

async function unfollow(
  { ctx, actor }: Inbound,
  followUri: string,
  followedUri: string | null,
): Promise<boolean> {
  const rows = ctx.collection(followersCollection);
  const byId = await rows.deleteOne({ followerUri: actor, followUri });
  if (byId.deletedCount > 0) return true;
  if (followedUri === null || localActor(ctx.instance, followedUri) === null) return false;
  const byPair = await rows.deleteOne({ followerUri: actor, actorUri: followedUri });
  return byPair.deletedCount > 0;
}

async function takeBack(ctx: Ctx, { actorUri, objectUri }: Reaction): Promise<void> {
  const [proposal, person] = await Promise.all([
    proposalByUri(ctx, objectUri),
    personByUri(ctx, actorUri),
  ]);
  if (proposal === null || person === null) return;
  await receiveSupportTakenBack(ctx, { proposalId: proposal._id, personId: person._id });
}
