import { readUrl } from "../../drivers/web-address.js";
import { hostOf } from "../addresses.js";

/** An account, or only a server, of somebody who wants to act from there. */
export interface TypedServer {
  /** Where WebFinger is asked. */
  readonly origin: string;
  /** Host with port, lower case. */
  readonly host: string;
  /** What WebFinger is asked about, the best question first. */
  readonly resources: readonly string[];
  /** As it is kept and shown: `name@host`, or the host. */
  readonly label: string;
}

/**
 * Read `@name@server`, `name@server`, `acct:…`, a server's name, or an address of a profile there.
 * Names are asked by HTTPS; `plainHttp` is for tests and demonstrations. Null for anything else.
 */
export function readTyped(typed: string, plainHttp = false): TypedServer | null {
  const text = typed.trim().replace(/^(?:acct:)?@?/i, "");
  if (text.length > 300 || /[\s\\<>"]/.test(text)) return null;
  return /^https?:\/\//i.test(text) ? fromAddress(text, plainHttp) : fromName(text, plainHttp);
}

function fromAddress(text: string, plainHttp: boolean): TypedServer | null {
  const url = readUrl(text);
  if (url === null || url.username !== "" || url.password !== "") return null;
  if (url.protocol === "http:" && !plainHttp) url.protocol = "https:";
  const { host, origin, href } = url;
  const isProfile = url.pathname !== "/";
  const handle = /^\/@([^/@]{1,100})$/.exec(url.pathname)?.[1];
  const resources = isProfile ? [href] : ofServer(origin, host);
  return { origin, host, resources, label: handle === undefined ? host : `${handle}@${host}` };
}

function fromName(text: string, plainHttp: boolean): TypedServer | null {
  const [name, server, ...more] = text.includes("@") ? text.split("@") : [null, text];
  if (server === undefined || more.length > 0 || !/^[^/?#:]+(?::\d{1,5})?$/.test(server))
    return null;
  const origin = `${plainHttp ? "http" : "https"}://${server}`;
  const host = hostOf(origin);
  const isName = name === null || name === undefined || /^[\p{L}\p{N}_.-]{1,100}$/u.test(name);
  if (host === null || !isName || !isServer(host)) return null;
  const at = new URL(origin).origin;
  if (name === null || name === undefined) {
    return { origin: at, host, resources: ofServer(at, host), label: host };
  }
  const label = `${name}@${host}`;
  return { origin: at, host, resources: [`acct:${label}`], label };
}

/** A word alone is no server; whoever types one has forgotten something. */
function isServer(host: string): boolean {
  return host.includes(".") || host.startsWith("[") || /^localhost(?::\d+)?$/.test(host);
}

/** A server itself is asked about by its address, then as Mastodon calls its own actor. */
function ofServer(origin: string, host: string): string[] {
  return [`${origin}/`, `acct:${host}@${host}`];
}
