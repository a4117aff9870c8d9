import { formerActor } from "../../features/people/former-actors.js";
import { personByHandle } from "../../features/people/people.js";
import { topicBySlug } from "../../features/topics/topics.js";
import { readUrl } from "../../drivers/web-address.js";
import { numberOfHandle, slugOfHandle, type Ctx, type Instance } from "../../kit/index.js";
import {
  actorAt,
  actorUri,
  city,
  hostOf,
  instanceActor,
  localPath,
  type LocalActor,
} from "../addresses.js";
import { intentRel, subscribeRel } from "../interact/ways.js";
import { actorRecord } from "../documents/actors.js";
import { localActorOf, usernameOf, type ActorRecord } from "../translate/actor.js";
import { faceOf } from "../translate/faces.js";
import { pictureOf } from "../translate/profile.js";
import { ACTIVITY_JSON } from "../vocabulary.js";

/** What a WebFinger question leads to. */
export type FingerAnswer =
  | { readonly kind: "found"; readonly jrd: object }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed" };

/**
 * Answer a WebFinger question (RFC 7033): `acct:name@host`, with or without the port, any alias of
 * the instance, or the address of an actor or of its page, on any name of the instance. With `rels`
 * only links of these kinds are told (section 4.3).
 */
export async function finger(
  ctx: Ctx,
  resource: unknown,
  rels: readonly string[] = [],
): Promise<FingerAnswer> {
  if (typeof resource !== "string" || resource === "" || resource.length > 2048) {
    return { kind: "malformed" };
  }
  const actor = await askedFor(ctx, resource);
  if (actor === null) return { kind: "unknown" };
  const record = await actorRecord(ctx, actor);
  if (record === null) return { kind: "unknown" };
  if (record === "gone") return { kind: "gone" };
  return { kind: "found", jrd: jrdOf(ctx.instance, record, rels) };
}

async function askedFor(ctx: Ctx, resource: string): Promise<LocalActor | null> {
  if (/^https?:/i.test(resource)) return byAddress(ctx, resource);
  const match = /^(?:acct:)?@?([^@\s/]{1,100})@([^@\s/]{1,260})$/i.exec(resource);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  if (!isOurs(ctx.instance, match[2].toLowerCase().replace(/\.(?=:|$)/, ""))) return null;
  return actorByName(ctx, match[1].toLowerCase());
}

function isOurs(instance: Instance, host: string): boolean {
  return [hostOf(instance.origin), instance.host, ...instance.aliases].includes(host);
}

/** The path of an address on the instance's origin, or on another host name that leads to it. */
function pathHere(instance: Instance, address: string): string | null {
  const path = localPath(instance, address);
  if (path !== null) return path;
  const url = readUrl(address);
  if (url === null || url.username !== "" || url.password !== "") return null;
  return instance.aliases.includes(url.hostname) ? url.pathname : null;
}

function byAddress({ instance }: Ctx, address: string): LocalActor | null {
  const path = pathHere(instance, address);
  if (path === null) return null;
  if (path === "/") return city;
  const number = /^\/proposals\/([1-9]\d{0,9})$/.exec(path)?.[1];
  return number === undefined ? actorAt(path) : { kind: "proposal", number: Number(number) };
}

/** The local actor with that handle, whether or not it is still on the network; null for nobody. */
export async function actorByName(ctx: Ctx, name: string): Promise<LocalActor | null> {
  const { instance } = ctx;
  if (name === instance.handle) return city;
  if (name === usernameOf(instance, instanceActor)) return instanceActor;
  if (/[.:]/.test(name)) return name === hostOf(instance.origin) ? instanceActor : null;
  const number = numberOfHandle(name);
  if (number !== null) return { kind: "proposal", number };
  const slug = slugOfHandle(name);
  if (slug !== null) {
    return (await topicBySlug(ctx, slug)) === null ? null : { kind: "topic", slug };
  }
  const person = await personByHandle(ctx, name);
  const known = person ?? (await formerActor(ctx, name));
  return known === null ? null : { kind: "person", handle: known.handle };
}

/** A link of a WebFinger answer (RFC 7033, section 4.4.4). */
interface Link {
  readonly rel: string;
  readonly type?: string;
  readonly href?: string;
  readonly template?: string;
}

function jrdOf(instance: Instance, record: ActorRecord, rels: readonly string[]): object {
  const actor = localActorOf(record);
  const uri = actorUri(instance, actor);
  const page = pageOf(instance, actor);
  const picture = pictureOf(faceOf(instance, record));
  const links: readonly Link[] = [
    { rel: "self", type: ACTIVITY_JSON, href: uri },
    { rel: "http://webfinger.net/rel/profile-page", type: "text/html", href: page },
    ...(picture === null ? [] : [{ rel: "http://webfinger.net/rel/avatar", ...picture }]),
    { rel: subscribeRel, template: instance.url("/authorize_interaction?uri={uri}") },
    ...intents(instance),
  ];
  return {
    subject: `acct:${usernameOf(instance, actor)}@${hostOf(instance.origin)}`,
    aliases: [...new Set([uri, page])],
    links: rels.length === 0 ? links : links.filter(({ rel }) => rels.includes(rel)),
  };
}

/**
 * Where residents act on what other sites publish (FEP-3b86). The template stands under `href`, as
 * the proposal wants it, and under `template`, as those who read it so far expect.
 */
function intents(instance: Instance): Link[] {
  const at = (activity: string, query: string): Link => {
    const href = instance.url(`/authorize_interaction?${query}`);
    return { rel: intentRel(activity), href, template: href };
  };
  return [
    at("Object", "uri={object}"),
    at("Follow", "uri={object}&to=follow"),
    at("Like", "uri={object}&to=support"),
    at("Create", "uri={inReplyTo}&to=comment"),
  ];
}

function pageOf(instance: Instance, actor: LocalActor): string {
  if (actor.kind === "proposal") return instance.url(`/proposals/${actor.number}`);
  if (actor.kind === "topic" || actor.kind === "person") return actorUri(instance, actor);
  return instance.url("/");
}
