import type { Ctx } from "../kit/index.js";
import { actorUri, city } from "./addresses.js";
import { followingCollection, remoteActorsCollection } from "./records.js";

/**
 * Whether this very actor's official responses to our proposals are taken, however many others are
 * asked: our own, and for an association each city that it is linked with.
 */
export async function isAnswerer(ctx: Ctx, uri: string): Promise<boolean> {
  const own = actorUri(ctx.instance, city);
  if (uri === own) return true;
  if (ctx.instance.kind === "city") return false;
  const asked = { actorUri: own, targetUri: uri, state: "accepted" } as const;
  const [link, actor] = await Promise.all([
    ctx.collection(followingCollection).findOne(asked),
    ctx.collection(remoteActorsCollection).findOne({ uri }),
  ]);
  return link !== null && actor?.civicOf === "city";
}

/** As many actors as a proposal names at most as those who answer it. */
export const mostAnswerers = 20;

/**
 * The actors that our proposals name as those whose official responses we take (see `isAnswerer`), our
 * own first: a city speaks for itself alone, an association's proposals are answered by the cities that
 * it is linked with too, of which so many are told at most.
 */
export async function answerersOf(ctx: Ctx): Promise<string[]> {
  const own = actorUri(ctx.instance, city);
  if (ctx.instance.kind === "city") return [own];
  const links = await ctx
    .collection(followingCollection)
    .find({ actorUri: own, state: "accepted" }, { limit: 1_000 })
    .toArray();
  if (links.length === 0) return [own];
  const cities = await ctx
    .collection(remoteActorsCollection)
    .find({ uri: { $in: links.map(({ targetUri }) => targetUri) } }, { limit: links.length })
    .toArray();
  const uris = cities.filter(({ civicOf }) => civicOf === "city").map(({ uri }) => uri);
  return [own, ...uris.sort()].slice(0, mostAnswerers);
}
