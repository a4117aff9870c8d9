import type { Ctx } from "../kit/index.js";
import { actorUri, city, instanceActor, localActor, type LocalActor } from "./addresses.js";
import { nobody, type Send } from "./outbound/send.js";
import {
  activitiesCollection,
  followersCollection,
  keysCollection,
  peersCollection,
  remoteActorsCollection,
  waitingCollection,
  type Audience,
} from "./records.js";
import { policyCollections } from "./policy/records.js";
import { PUBLIC } from "./vocabulary.js";

/** Actors that are taken leave of in one go: each is told to every server that is known. */
const slice = 10;

/** How long a farewell may be on its way: longer than the tries of a delivery take together. */
export const farewellMs = 5 * 24 * 3_600_000;

/** What the deliveries of a farewell read: it is removed after all else, when they have ended. */
export const farewellNeeds: readonly string[] = [
  ...[keysCollection, activitiesCollection, followersCollection, peersCollection],
  ...[remoteActorsCollection, waitingCollection, ...policyCollections],
].map(({ name }) => name);

/**
 * Tell other servers that the next actors of this instance are gone for good: whoever has a copy
 * removes it (ActivityPub, section 7.4). Those that have keys have spoken, so that somebody may know
 * them. People, topics and the instance itself are known everywhere; a proposal's own actor to who
 * follows it. Run again from the same place, each is told once.
 * @returns up to which actor was told, or null when that was the last
 */
export async function sayFarewell(
  send: Send,
  ctx: Ctx,
  upTo: string | undefined,
): Promise<string | null> {
  const { origin } = ctx.instance;
  // "0" follows "/": what begins with this origin and nothing else.
  const own = { $gt: upTo ?? origin, $lt: `${origin}0` };
  const rows = await ctx
    .collection(keysCollection)
    .find({ _id: own }, { sort: { _id: 1 }, limit: slice, projection: { _id: 1 } })
    .toArray();
  for (const { _id: uri } of rows) {
    const actor = localActor(ctx.instance, uri);
    if (actor !== null) await tellGone(send, ctx, actor);
  }
  return rows.length < slice ? null : (rows.at(-1)?._id ?? null);
}

async function tellGone(send: Send, ctx: Ctx, actor: LocalActor): Promise<void> {
  const uri = actorUri(ctx.instance, actor);
  await send(ctx, {
    ...{ key: `gone/${uri}`, actor, type: "Delete", object: uri, objectUri: uri },
    ...{ to: [PUBLIC], listed: false, audience: audienceOf(ctx, actor, uri) },
  });
}

function audienceOf(ctx: Ctx, { kind }: LocalActor, uri: string): Audience {
  if (kind !== "proposal") return { ...nobody, everyone: true };
  const linkedOf = [actorUri(ctx.instance, city), actorUri(ctx.instance, instanceActor)];
  return { ...nobody, followersOf: [uri], linkedOf };
}
