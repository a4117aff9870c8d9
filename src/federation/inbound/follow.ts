import {
  actorUri,
  city,
  instanceActor,
  localActor,
  localPath,
  type LocalActor,
} from "../addresses.js";
import { isBlocker } from "../blockers.js";
import { actorRecord } from "../documents/actors.js";
import { nobody } from "../outbound/send.js";
import { createUnwanted } from "../policy/policy.js";
import { followersCollection, followingCollection, type RemoteActor } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Handle, Inbound } from "./inbound.js";
import { first, idOf } from "./read.js";

/**
 * Somebody follows a local actor. Every Follow is answered, repeated ones too, and the newest id is
 * kept: a peer whose Follow stays without an answer shows it as pending for ever. What nobody can
 * follow the server's own actor refuses.
 */
export const follow: Handle = async (inbound) => {
  const { services, ctx, actor, activity, budget } = inbound;
  const objectUri = idOf(first(activity, "object"));
  if (objectUri === null || localPath(ctx.instance, objectUri) === null) return "no such actor";
  const followed = localActor(ctx.instance, objectUri);
  const record = followed === null ? null : await actorRecord(ctx, followed);
  const follower = await remoteActor(services, ctx, actor, { budget });
  const asked: Asked = { objectUri, follower };
  if (followed === null || record === null || record === "gone") {
    await answer(inbound, asked, { type: "Reject", by: instanceActor });
    return "no such actor";
  }
  const uri = actorUri(ctx.instance, followed);
  // The server's own actor publishes nothing: who follows it only wants to know that we answer.
  const isKept = record.kind !== "instance" && !(await isBlocker(ctx, uri, actor));
  if (isKept) await keepFollower(inbound, followed, follower);
  // A block is stored before the follows that it ends, and looked for after ours: one sees the other.
  const [blocksUs, isUnwanted] = await Promise.all([
    isBlocker(ctx, uri, actor),
    createUnwanted(ctx)([actor]).then(({ size }) => size > 0),
  ]);
  if (isKept && (blocksUs || isUnwanted)) {
    await ctx.collection(followersCollection).deleteOne({ actorUri: uri, followerUri: actor });
  }
  if (isUnwanted) return "blocked meanwhile";
  await answer(inbound, asked, { type: blocksUs ? "Reject" : "Accept", by: followed });
  return blocksUs ? "blocks us" : "accepted";
};

/** Who wants to follow what. */
interface Asked {
  readonly objectUri: string;
  readonly follower: RemoteActor;
}

async function keepFollower(
  { ctx, entry, actor }: Inbound,
  followed: LocalActor,
  { inbox, sharedInbox, host, civicExchange, type }: RemoteActor,
): Promise<void> {
  await ctx.collection(followersCollection).updateOne(
    { actorUri: actorUri(ctx.instance, followed), followerUri: actor },
    {
      $set: {
        target: sharedInbox ?? inbox,
        host,
        linked: civicExchange && type === "Organization",
        followUri: entry.activityUri,
      },
      $unset: { lookedForAt: "" },
      $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() },
    },
    { upsert: true },
  );
}

/** Tell the follower; one that asks again by the same id is told again. */
async function answer(
  { send, ctx, entry, actor }: Inbound,
  { objectUri, follower }: Asked,
  { type, by }: { readonly type: "Accept" | "Reject"; readonly by: LocalActor },
): Promise<void> {
  const again = entry.again === undefined ? "" : `/${entry.again}`;
  await send(ctx, {
    ...{ key: `${type.toLowerCase()}/${entry._id}${again}`, actor: by, type, to: [actor] },
    object: { id: entry.activityUri, type: "Follow", actor, object: objectUri },
    ...{ objectUri: entry.activityUri, listed: false },
    audience: { ...nobody, inboxes: [follower.inbox] },
  });
}

/** Which of our own Follows an answer is about: ours by its stored id, and asked of this very actor. */
function meant({ ctx, actor, activity }: Inbound) {
  const followUri = idOf(first(activity, "object")) ?? "";
  return { rows: ctx.collection(followingCollection), which: { followUri, targetUri: actor } };
}

/**
 * Our Follow was accepted (requirement 11: nothing else counts as one). Whoever refuses later says so
 * last: an Accept that comes after a Reject was said before it.
 */
export const accept: Handle = async (inbound) => {
  const { ctx, actor, catchUp } = inbound;
  const { rows, which } = meant(inbound);
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
  const { rows, which } = meant(inbound);
  const { matchedCount } = await rows.updateOne(which, { $set: { state: "refused" } });
  return matchedCount === 0 ? "no such follow" : "not following";
};
