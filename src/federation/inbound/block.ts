import type { Ctx } from "../../kit/index.js";
import { actorUri, localActor } from "../addresses.js";
import { blockersCollection } from "../blockers.js";
import { actorRecord } from "../documents/actors.js";
import { followersCollection, followingCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Handle } from "./inbound.js";
import { first, idOf } from "./read.js";

/**
 * Somebody blocks a local actor (ActivityPub, section 6.9): follows end both ways, what they said here
 * stays, and that actor sends them nothing more.
 */
export const blockIn: Handle = async ({ services, ctx, entry, actor, activity, budget }) => {
  const objectUri = idOf(first(activity, "object"));
  const blocked = objectUri === null ? null : localActor(ctx.instance, objectUri);
  const record = blocked === null ? null : await actorRecord(ctx, blocked);
  if (blocked === null || record === null || record === "gone") return "no such actor";
  const uri = actorUri(ctx.instance, blocked);
  const { inbox, sharedInbox } = await remoteActor(services, ctx, actor, { budget });
  const inboxes = [...new Set([inbox, sharedInbox ?? inbox])];
  await ctx.collection(blockersCollection).updateOne(
    { actorUri: uri, by: actor },
    {
      $set: { inboxes, activityUri: entry.activityUri },
      $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() },
    },
    { upsert: true },
  );
  await ctx.collection(followersCollection).deleteOne({ actorUri: uri, followerUri: actor });
  await ctx.collection(followingCollection).deleteOne({ actorUri: uri, targetUri: actor });
  return "blocked us";
};

/** Lift a block, by the id of the Block or by whom it is about; true when there was one. */
export async function liftBlock(
  ctx: Ctx,
  by: string,
  { activityUri, blockedUri }: { readonly activityUri: string; readonly blockedUri: string | null },
): Promise<boolean> {
  const rows = ctx.collection(blockersCollection);
  const byId = await rows.deleteOne({ activityUri, by });
  if (byId.deletedCount > 0) return true;
  if (blockedUri === null) return false;
  return (await rows.deleteOne({ actorUri: blockedUri, by })).deletedCount > 0;
}
