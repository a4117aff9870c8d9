import { personByUri } from "../../features/people/people.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { responseByUri } from "../../features/responses/responses.js";
import { receiveSupport, receiveSupportTakenBack } from "../../features/supports/supports.js";
import type { Ctx } from "../../kit/index.js";
import { localActor, localPath, sameOrigin } from "../addresses.js";
import { actorNow } from "../moves/record.js";
import { entryId } from "../inbox/entry-id.js";
import { supportFrom } from "../policy/support-from.js";
import {
  followersCollection,
  inboxCollection,
  reactionsCollection,
  type InboxEntry,
  type Reaction,
} from "../records.js";
import { personBehind, remoteActor } from "../remote-actors.js";
import { liftBlock } from "./block.js";
import { rememberDeleted } from "./deleted.js";
import type { Handle, Inbound, Outcome } from "./inbound.js";
import { isLinkedActor, takeProposalAt } from "./linked.js";
import { noteMeant, ourNote } from "./ours.js";
import { all, first, idOf, isNormal } from "./read.js";

/** Who has moved is remembered by the new address, so that one person never counts twice. */
async function note(
  { ctx, entry, actor: sender }: Inbound,
  kind: Reaction["kind"],
  objectUri: string,
): Promise<void> {
  const actor = await actorNow(ctx, sender);
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
 * A favourite of a proposal is a support, counted once a person; one of something that was said about
 * it is counted beside that.
 */
export const like: Handle = async (inbound) => {
  const { ctx, activity } = inbound;
  const uri = idOf(first(activity, "object"));
  const liked = uri === null ? null : await ourNote(ctx, uri);
  if (liked === null) return "not ours";
  if (liked.proposal !== null) return support(inbound, liked.proposal);
  await note(inbound, "like", liked.uri);
  return "like";
};

async function support(inbound: Inbound, proposal: Proposal): Promise<Outcome> {
  const { services, ctx, actor, budget } = inbound;
  const who = await remoteActor(services, ctx, actor, { budget });
  const person = await personBehind(ctx, who);
  if (person.erasedAt !== null) return "deleted actor";
  await note(inbound, "like", proposal.uri);
  const given = { proposalId: proposal._id, personId: person._id };
  const refused = await receiveSupport(ctx, given, await supportFrom(ctx, who));
  if (refused === null) return "support";
  const waits = refused === "limited-host" || refused === "many-new";
  return waits ? "support held" : `support refused: ${refused}`;
}

/** A boost of something of ours is counted; a linked instance's boost leads to its proposals. */
export const announce: Handle = async (inbound) => {
  const { ctx, actor, activity } = inbound;
  const uri = idOf(first(activity, "object"));
  if (uri === null) return "nothing boosted";
  if (localPath(ctx.instance, uri) === null) {
    if (!sameOrigin(uri, actor) || !(await isLinkedActor(ctx, actor))) return "not ours";
    if ((await responseByUri(ctx, uri)) !== null) return "known already";
    return takeProposalAt(inbound, uri);
  }
  const boosted = await ourNote(ctx, uri);
  if (boosted === null) return "not ours";
  await note(inbound, "announce", boosted.uri);
  return "share";
};

const undone: ReadonlySet<unknown> = new Set(["Follow", "Like", "Announce", "Block"]);

/** Whether something of this type can be undone; where none is told, its id is all there is. */
function mayBeUndone(type: unknown): boolean {
  return type === undefined || undone.has(type);
}

/**
 * Undo by the id of what is undone, or by its type and object, since ids may be missing or new. An id
 * that has come here is neither: where something newer stands in its place, that is not undone by it.
 */
export const undo: Handle = async (inbound) => {
  const { ctx, entry, actor, activity } = inbound;
  const [object] = all(activity, "object", 1);
  const undoneUri = idOf(object) ?? "";
  const come = await cameAs(inbound, undoneUri);
  if (come?.again !== undefined && come.receivedAt > entry.receivedAt)
    return "followed again since";
  const inner = isNormal(object) && come === null ? idOf(first(object, "object")) : null;
  const type = isNormal(object) ? object.type : undefined;
  if (mayBeUndone(type) && sameOrigin(undoneUri, actor)) {
    await rememberDeleted(inbound, { uri: undoneUri, by: actor });
  }
  if (await unfollow(inbound, undoneUri, type === "Follow" ? inner : null)) return "unfollowed";
  const lifted = { activityUri: undoneUri, blockedUri: type === "Block" ? inner : null };
  if (await liftBlock(ctx, actor, lifted)) return "block lifted";
  const kind = type === "Like" ? "like" : type === "Announce" ? "announce" : null;
  const target = inner === null ? null : await noteMeant(ctx, inner);
  const reaction = await reactionOf(inbound, undoneUri, kind, target);
  if (reaction === null) return "nothing to undo";
  if (reaction.kind === "like") {
    for (const uri of new Set([reaction.actorUri, actor])) await takeBack(ctx, reaction, uri);
  }
  await ctx.collection(reactionsCollection).deleteOne({ _id: reaction._id });
  return `${reaction.kind} undone`;
};

function cameAs({ ctx, actor }: Inbound, activityUri: string): Promise<InboxEntry | null> {
  const _id = entryId(ctx.instance, { actor, id: activityUri });
  return ctx.collection(inboxCollection).findOne({ _id });
}

/** End what an activity did whose own id is undone; what was pressed anew since stays. */
export async function undoById(inbound: Inbound): Promise<void> {
  const { ctx, actor, entry, activity } = inbound;
  const { activityUri } = entry;
  await unfollow(inbound, activityUri, null);
  await liftBlock(ctx, actor, { activityUri, blockedUri: null });
  const objectUri = await noteMeant(ctx, idOf(first(activity, "object")) ?? "");
  if (objectUri === null) return;
  const rows = ctx.collection(reactionsCollection);
  for (const actorUri of new Set([actor, await actorNow(ctx, actor)])) {
    await rows.deleteOne({ activityUri, actorUri });
    const stands = (await rows.findOne({ kind: "like", actorUri, objectUri })) !== null;
    if (entry.type === "Like" && !stands) await takeBack(ctx, { objectUri }, actorUri);
  }
}

/** What is undone; who has moved may undo what was pressed at the former address, and only that. */
async function reactionOf(
  { ctx, actor }: Inbound,
  undoneUri: string,
  kind: Reaction["kind"] | null,
  objectUri: string | null,
): Promise<Reaction | null> {
  const rows = ctx.collection(reactionsCollection);
  for (const actorUri of new Set([actor, await actorNow(ctx, actor)])) {
    const found =
      (await rows.findOne({ activityUri: undoneUri, actorUri })) ??
      (kind === null || objectUri === null
        ? null
        : await rows.findOne({ kind, actorUri, objectUri }));
    if (found !== null && sameOrigin(found.activityUri, actor)) return found;
  }
  return null;
}

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

async function takeBack(
  ctx: Ctx,
  { objectUri }: Pick<Reaction, "objectUri">,
  actorUri: string,
): Promise<void> {
  const [proposal, person] = await Promise.all([
    proposalByUri(ctx, objectUri),
    personByUri(ctx, actorUri),
  ]);
  if (proposal === null || person === null) return;
  await receiveSupportTakenBack(ctx, { proposalId: proposal._id, personId: person._id });
}
