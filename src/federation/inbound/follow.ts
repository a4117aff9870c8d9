import { actorUri, city, localActor } from "../addresses.js";
import { isBlocker } from "../blockers.js";
import { actorRecord } from "../documents/actors.js";
import { nobody } from "../outbound/send.js";
import { followersCollection, followingCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Handle, Inbound } from "./inbound.js";
import { first, idOf } from "./read.js";

/**
 * Somebody follows a local actor. Every Follow is answered, repeated ones too, and the newest id is
 * kept: a peer whose Follow stays without an answer shows it as pending for ever.
 */
export const follow: Handle = async ({ services, send, ctx, entry, actor, activity, budget }) => {
  const objectUri = idOf(first(activity, "object"));
  const followed = objectUri === null ? null : localActor(ctx.instance, objectUri);
  if (followed === null) return "no such actor";
  const record = await actorRecord(ctx, followed);
  if (record === null || record === "gone") return "no such actor";
  const { inbox, sharedInbox, host, civicExchange, type } = await remoteActor(
    services,
    ctx,
    actor,
    {
      budget,
    },
  );
  const uri = actorUri(ctx.instance, followed);
  if (await isBlocker(ctx, uri, actor)) return "blocks us";
  const rows = ctx.collection(followersCollection);
  // The server's own actor publishes nothing: who follows it only wants to know that we answer.
  const isKept = record.kind !== "instance";
  if (isKept)
    await rows.updateOne(
      { actorUri: uri, followerUri: actor },
      {
        $set: {
          target: sharedInbox ?? inbox,
          host,
          linked: civicExchange && type === "Organization",
          followUri: entry.activityUri,
        },
        $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() },
      },
      { upsert: true },
    );
  await send(ctx, {
    ...{ key: `accept/${entry._id}`, actor: followed, type: "Accept", to: [actor] },
    object: { id: entry.activityUri, type: "Follow", actor, object: uri },
    ...{ objectUri: entry.activityUri, listed: false, audience: { ...nobody, inboxes: [inbox] } },
  });
  return "accepted";
};

/** Which of our own Follows an answer is about: ours by its stored id, and asked of this very actor. */
function asked({ ctx, actor, activity }: Inbound) {
  const followUri = idOf(first(activity, "object")) ?? "";
  return { rows: ctx.collection(followingCollection), which: { followUri, targetUri: actor } };
}

/**
 * Our Follow was accepted (requirement 11: nothing else counts as one). Whoever refuses later says so
 * last: an Accept that comes after a Reject was said before it.
 */
export const accept: Handle = async (inbound) => {
  const { ctx, actor, catchUp } = inbound;
  const { rows, which } = asked(inbound);
  const row = await rows.findOneAndUpdate(
    { ...which, state: { $in: ["asked", "accepted"] } },
    { $set: { state: "accepted" } },
    { returnDocument: "after" },
  );
  if (row === null) return "no such follow";
  if (row.actorUri === actorUri(ctx.instance, city)) {
    await ctx.enqueue(catchUp, { actorUri: actor }, { id: `catch-up/${row._id}` });
  }
  return "following";
};

/** Our Follow was refused, now or later. */
export const reject: Handle = async (inbound) => {
  const { rows, which } = asked(inbound);
  const { matchedCount } = await rows.updateOne(which, { $set: { state: "refused" } });
  return matchedCount === 0 ? "no such follow" : "not following";
};
