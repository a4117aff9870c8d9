import { personByUri } from "../../features/people/people.js";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { localPath } from "../addresses.js";
import { mayTalk } from "../policy/policy.js";
import { followersCollection, reactionsCollection } from "../records.js";
import { personBehind, remoteActor } from "../remote-actors.js";
import type { Handle, Inbound } from "../inbound/inbound.js";
import { first, idOf } from "../inbound/read.js";
import { carryAll } from "./carry.js";
import { actorNow, movesCollection } from "./record.js";

/** An actor moves at most once in this time, as on Mastodon. */
const betweenMovesMs = 7 * 24 * 3_600_000;
/** What was under way while it moved is brought after it this much later. */
const secondLookMs = 60_000;

/**
 * Somebody elsewhere goes on under another address. The new actor has to name the old one in its
 * `alsoKnownAs`, which is read from its own server. Follows, supports and comments go with them. A
 * link between instances does not: it was agreed with the former server's administrators.
 */
export const move: Handle = async (inbound) => {
  const { services, ctx, actor, activity, budget, carry } = inbound;
  const target = idOf(first(activity, "target"));
  if (idOf(first(activity, "object")) !== actor) return "not theirs";
  if (target === null || target === actor || localPath(ctx.instance, target) !== null) {
    return "nowhere to move to";
  }
  if (!(await isKnown(ctx, actor))) return "unknown actor";
  if (!(await mayMove(ctx, actor, target))) return "moved already";
  if (!mayTalk(await services.policy.standing(ctx, [target]))) return "moved to a blocked server";
  const found = await remoteActor(services, ctx, target, { budget, fresh: true });
  if (found.alsoKnownAs?.includes(actor) !== true) return "not known as this actor";
  const [now, former] = [
    await personBehind(ctx, found),
    await personBehind(ctx, await remoteActor(services, ctx, actor, { budget })),
  ];
  if (now.erasedAt !== null || former.erasedAt !== null) return "deleted actor";
  if (!(await keepMove(inbound, target))) return "moved already";
  await carryAll(services, ctx, actor);
  const id = `carry/${inbound.entry._id}`;
  await ctx.enqueue(carry, { actorUri: actor }, { id, delayMs: secondLookMs });
  return "moved";
};

/** Nothing is fetched for somebody of whom nothing is here. */
async function isKnown(ctx: Ctx, actor: string): Promise<boolean> {
  if ((await personByUri(ctx, actor)) !== null) return true;
  const follows = await ctx.collection(followersCollection).findOne({ followerUri: actor });
  if (follows !== null) return true;
  const rows = ctx.collection(reactionsCollection);
  return (await rows.findOne({ kind: "announce", actorUri: actor })) !== null;
}

/** Told again, a move goes on; another one within the time does not count. */
async function mayMove(ctx: Ctx, actorUri: string, target: string): Promise<boolean> {
  const known = await ctx.collection(movesCollection).findOne({ actorUri });
  if (known === null || known.targetUri === target) return true;
  return known.at.getTime() <= ctx.clock.now().getTime() - betweenMovesMs;
}

/** Remember it, so that what the former actor does from now on is the new one's; false when late. */
async function keepMove({ ctx, actor }: Inbound, targetUri: string): Promise<boolean> {
  const rows = ctx.collection(movesCollection);
  const at = ctx.clock.now();
  const due = { actorUri: actor, at: { $lte: new Date(at.getTime() - betweenMovesMs) } };
  const { matchedCount } = await rows.updateOne(due, { $set: { targetUri, at } });
  if (matchedCount === 0) {
    await insertOnce(() => rows.insertOne({ _id: ctx.ids.next(), actorUri: actor, targetUri, at }));
  }
  const kept = await rows.findOne({ actorUri: actor });
  if (kept?.targetUri !== targetUri) return false;
  // Who comes back to an address of before is at home there again, and goes nowhere from it.
  if ((await actorNow(ctx, targetUri)) !== targetUri) {
    await rows.updateOne({ actorUri: targetUri }, { $set: { targetUri } });
  }
  return true;
}
