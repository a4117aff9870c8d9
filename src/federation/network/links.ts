import { FetchRefused } from "../../drivers/fetch.js";
import { readUrl } from "../../drivers/web-address.js";
import { refuseField, Refusal, type Ctx } from "../../kit/index.js";
import { actorUri, city, hostOf } from "../addresses.js";
import { askToLink, findInstance, hostTyped, linkedInstances } from "../linking.js";
import type { Send } from "../outbound/send.js";
import {
  followersCollection,
  remoteActorsCollection,
  type Following,
  type RemoteActor,
} from "../records.js";
import { NotAnActor } from "../remote-actors.js";
import type { Services } from "../services.js";

/** How we stand with another site, both ways. */
export interface Link {
  /** Of our asking; null when only they asked. */
  readonly id: string | null;
  readonly uri: string;
  readonly host: string;
  /** As the other site calls itself. */
  readonly name: string;
  readonly state: Following["state"] | "none";
  readonly since: Date;
  /** It asked us, too: it is sent what is published here. */
  readonly receives: boolean;
}

/** Links shown at once. */
const most = 200;

/** The sites that we asked, and those that asked us, by name. */
export async function listLinks(ctx: Ctx): Promise<Link[]> {
  const uri = actorUri(ctx.instance, city);
  const [asked, followers] = await Promise.all([
    linkedInstances(ctx),
    ctx
      .collection(followersCollection)
      .find({ actorUri: uri, linked: true }, { limit: most })
      .toArray(),
  ]);
  const rows = asked.slice(0, most);
  const known = new Set(rows.map(({ targetUri }) => targetUri));
  const receiving = new Set(followers.map(({ followerUri }) => followerUri));
  const names = await namesOf(ctx, [...known, ...receiving]);
  const links: Link[] = rows.map(({ _id, targetUri, host, state, at }) => ({
    ...{ id: _id, uri: targetUri, host, state, since: at },
    ...{ name: names.get(targetUri) ?? host, receives: receiving.has(targetUri) },
  }));
  for (const { followerUri, host, at } of followers) {
    if (known.has(followerUri)) continue;
    const name = names.get(followerUri) ?? host;
    links.push({
      id: null,
      uri: followerUri,
      host,
      name,
      state: "none",
      since: at,
      receives: true,
    });
  }
  return links.sort((one, other) => one.name.localeCompare(other.name));
}

async function namesOf(ctx: Ctx, uris: readonly string[]): Promise<Map<string, string>> {
  if (uris.length === 0) return new Map();
  const rows = await ctx
    .collection(remoteActorsCollection)
    .find({ uri: { $in: [...uris] } }, { limit: uris.length })
    .toArray();
  return new Map(rows.map(({ uri, name }) => [uri, name]));
}

/**
 * Link the site that an administrator typed.
 * @throws Refusal beside `address`: ill-formed, our own, blocked, out of reach, or no such site.
 */
export async function linkSite(
  services: Services,
  send: Send,
  ctx: Ctx,
  typed: string,
): Promise<Following> {
  const host = hostTyped(ctx, typed);
  if (host === null || /\s/.test(typed.trim())) throw beside("malformed");
  await refuseHost(services, ctx, host);
  const target = await found(services, ctx, siteTyped(typed));
  if (hostOf(target.uri) !== host) await refuseHost(services, ctx, hostOf(target.uri) ?? "");
  if (!target.civicExchange || target.type !== "Organization") throw beside("notParvis");
  return askToLink(send, ctx, target);
}

/** Whoever pastes the address of any page means its site. */
function siteTyped(typed: string): string {
  const text = typed.trim();
  return /^https?:\/\//i.test(text) ? (readUrl(text)?.origin ?? text) : text;
}

const standingWords = { closed: "closed", "not-listed": "notListed", blocked: "blocked" } as const;

async function refuseHost({ policy }: Services, ctx: Ctx, host: string): Promise<void> {
  if (host === hostOf(ctx.instance.origin)) throw beside("ourselves");
  const standing = await policy.standing(ctx, [`https://${host}/`]);
  if (standing !== "well" && standing !== "limited") throw beside(standingWords[standing]);
}

async function found(services: Services, ctx: Ctx, typed: string): Promise<RemoteActor> {
  try {
    return await findInstance(services, ctx, typed);
  } catch (error) {
    if (error instanceof FetchRefused) throw beside(wordOf(error));
    if (error instanceof NotAnActor || error instanceof Refusal) throw beside("notParvis");
    throw error;
  }
}

function wordOf(error: FetchRefused): string {
  if (error.isPassing) return error.code === "status" ? "troubled" : "unreachable";
  if (error.code === "status")
    return error.status === 404 || error.isGone ? "notParvis" : "refused";
  if (error.code.startsWith("bad-") && error.code !== "bad-type" && error.code !== "bad-body") {
    return "malformed";
  }
  if (error.code === "unwanted") return "blocked";
  return error.code === "private-address" ? "notPublic" : "notParvis";
}

function beside(word: string): Refusal {
  return refuseField("invalid-form", "address", `network.link.errors.${word}`);
}
