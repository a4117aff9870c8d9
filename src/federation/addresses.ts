import type { Instance } from "../kit/index.js";
import { readUrl } from "../drivers/web-address.js";

/** An actor of this instance. */
export type LocalActor =
  | { readonly kind: "city" }
  | { readonly kind: "instance" }
  | { readonly kind: "topic"; readonly slug: string }
  | { readonly kind: "proposal"; readonly number: number }
  | { readonly kind: "person"; readonly handle: string };

export const city: LocalActor = { kind: "city" };
export const instanceActor: LocalActor = { kind: "instance" };

/** The collections every actor has, below its own address. */
export type ActorCollection = "inbox" | "outbox" | "followers" | "following" | "featured";

/** Where an actor's document is, on its instance. */
export function actorPath(actor: LocalActor): string {
  switch (actor.kind) {
    case "city":
      return "/actor";
    case "instance":
      return "/actor/instance";
    case "topic":
      return `/topics/${actor.slug}`;
    case "proposal":
      return `/proposals/${actor.number}/actor`;
    case "person":
      return `/people/${actor.handle}`;
  }
}

/** An actor's id. */
export function actorUri(instance: Instance, actor: LocalActor): string {
  return instance.url(actorPath(actor));
}

/** Id of one of an actor's collections. */
export function collectionUri(
  instance: Instance,
  actor: LocalActor,
  name: ActorCollection,
): string {
  return `${actorUri(instance, actor)}/${name}`;
}

/** The actor whose document has that path, whether or not there is one; null for other paths. */
export function actorAt(path: string): LocalActor | null {
  if (path === "/actor") return city;
  if (path === "/actor/instance") return instanceActor;
  const topic = /^\/topics\/([a-z0-9-]{1,24})$/.exec(path)?.[1];
  if (topic !== undefined) return { kind: "topic", slug: topic };
  const number = /^\/proposals\/([1-9]\d{0,9})\/actor$/.exec(path)?.[1];
  if (number !== undefined) return { kind: "proposal", number: Number(number) };
  const handle = /^\/people\/([a-z0-9_]{1,30})$/.exec(path)?.[1];
  return handle === undefined ? null : { kind: "person", handle };
}

/** The actor and the collection of a path such as `/proposals/42/actor/inbox`; null for others. */
export function actorCollectionAt(
  path: string,
): { actor: LocalActor; collection: ActorCollection } | null {
  const match = /^(.+)\/(inbox|outbox|followers|following|featured)$/.exec(path);
  const actor = match?.[1] === undefined ? null : actorAt(match[1]);
  if (actor === null) return null;
  return { actor, collection: match?.[2] as ActorCollection };
}

/**
 * The path of a URI that lies on this very instance, without query or fragment; null for every
 * other. Origins are compared whole: `https://us.example.evil.net` is not `https://us.example`.
 */
export function localPath(instance: Instance, uri: string): string | null {
  const url = readUrl(uri);
  if (url === null) return null;
  return url.origin === instance.origin && url.username === "" ? url.pathname : null;
}

/** The local actor that a URI names, or null. */
export function localActor(instance: Instance, uri: string): LocalActor | null {
  const path = localPath(instance, uri);
  return path === null ? null : actorAt(path);
}

/** Host with port of an http(s) URI, lower case; null for anything else. */
export function hostOf(uri: string): string | null {
  return originOf(uri)?.replace(/^https?:\/\//, "") ?? null;
}

/**
 * An origin that needs no parsing to be read: lower case, a last label of letters or four numbers in
 * their shortest form (so that it is no odd spelling of an IP address), no Punycode (which may be
 * ill-formed), and a port below 60,000 (so that it is not out of range) that is not written out for
 * nothing.
 */
const plainOrigin = ((): RegExp => {
  const name = "(?:(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)*[a-z]{2,63}";
  const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  const port = ":(?!(?:80|443)\\b)(?:[1-5]\\d{4}|[1-9]\\d{0,3})";
  return new RegExp(`^https?://(?:${name}|(?:${byte}\\.){3}${byte})(?:${port})?(?=/|$)`);
})();

/** Scheme, host and port of an http(s) URI as URLs compare them; null for anything else. */
export function originOf(uri: string): string | null {
  if (uri.length > 2048) return null;
  const plain = plainOrigin.exec(uri)?.[0];
  if (plain !== undefined) return plain;
  const url = readUrl(uri);
  return url?.protocol === "https:" || url?.protocol === "http:" ? url.origin : null;
}

/** Whether both URIs are http(s) and of one origin. */
export function sameOrigin(one: string, other: string): boolean {
  const origin = originOf(one);
  return origin !== null && origin === originOf(other);
}
