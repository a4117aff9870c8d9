import type { Ctx } from "../kit/index.js";
import { actorUri, city, hostOf } from "./addresses.js";
import { document, type Found } from "./documents/found.js";
import { followingCollection, remoteActorsCollection } from "./records.js";

/** As many actors as a proposal names at most as those who answer it. */
export const mostAnswerers = 20;

/** Links that are looked through to name those actors. */
const mostLinks = 1_000;

/** Who answers our proposals, as each of them tells. */
export interface Answerers {
  /** At most so many, our own actor first. */
  readonly answeredBy: readonly string[];
  /** Where to ask about anybody else, by their host; null when all are named. */
  readonly answerers: string | null;
}

function answerersUri(ctx: Ctx): string {
  return `${actorUri(ctx.instance, city)}/answerers`;
}

/**
 * Whether this very actor's official responses to our proposals are taken, however many others are
 * asked: our own, and for an association each city that it is linked with.
 */
export async function isAnswerer(ctx: Ctx, uri: string): Promise<boolean> {
  if (uri === actorUri(ctx.instance, city)) return true;
  return (await linkedCities(ctx, { targetUri: uri }, 1)).cities.includes(uri);
}

/**
 * The actors that our proposals name as those whose official responses we take (see `isAnswerer`): a
 * city speaks for itself alone, an association's proposals are answered by the cities that it is linked
 * with too. Whoever is not named among so many is asked about (see `findAnswerers`).
 */
export async function answerersOf(ctx: Ctx): Promise<Answerers> {
  const own = actorUri(ctx.instance, city);
  const { cities, areAll } = await linkedCities(ctx, {}, mostLinks);
  const isWhole = areAll && cities.length < mostAnswerers;
  return {
    answeredBy: [own, ...cities.sort()].slice(0, mostAnswerers),
    answerers: isWhole ? null : answerersUri(ctx),
  };
}

/** A collection of the actors of one host whose official responses to our proposals are taken. */
export async function findAnswerers(ctx: Ctx, host: string): Promise<Found> {
  const own = actorUri(ctx.instance, city);
  const { cities } = await linkedCities(ctx, { host }, mostAnswerers);
  const items = host === hostOf(own) ? [own] : cities;
  const id = `${answerersUri(ctx)}/${host}`;
  return document({ id, type: "Collection", totalItems: items.length, items });
}

interface Linked {
  readonly cities: string[];
  /** Whether no link was left out. */
  readonly areAll: boolean;
}

/** The cities that an association is linked with, among so many links; a city has nobody speak for it. */
async function linkedCities(
  ctx: Ctx,
  among: { readonly targetUri?: string; readonly host?: string },
  limit: number,
): Promise<Linked> {
  if (ctx.instance.kind === "city") return { cities: [], areAll: true };
  const links = await ctx
    .collection(followingCollection)
    .find({ ...among, actorUri: actorUri(ctx.instance, city), state: "accepted" }, { limit })
    .toArray();
  if (links.length === 0) return { cities: [], areAll: true };
  const known = await ctx
    .collection(remoteActorsCollection)
    .find({ uri: { $in: links.map(({ targetUri }) => targetUri) } }, { limit: links.length })
    .toArray();
  const cities = known.filter(({ civicOf }) => civicOf === "city").map(({ uri }) => uri);
  return { cities, areAll: links.length < limit };
}
