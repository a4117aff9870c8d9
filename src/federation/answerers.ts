import type { Ctx } from "../kit/index.js";
import { actorUri, city } from "./addresses.js";
import { followingCollection, remoteActorsCollection } from "./records.js";

/** As many actors as a proposal names at most as those who answer it. */
export const mostAnswerers = 20;

/**
 * The actors whose official responses to our proposals we take, our own first: a city speaks for
 * itself alone, an association's proposals are answered by the cities that it is linked with too.
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
