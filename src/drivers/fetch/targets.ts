import { isIP } from "node:net";
import { mayConnect } from "./addresses.js";
import { FetchRefused } from "./refused.js";
import { readUrl } from "../web-address.js";

const longestUrl = 2048;
/** Answers that send on to another address. */
export const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const localSuffixes = [".localhost", ".local", ".internal", ".home.arpa"];

/** The host of a URL as a resolver wants it: IPv6 without its brackets. */
export function hostnameOf(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}

/** Whether a name means this very machine (RFC 6761, section 6.3). */
export function isLocalhost(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

/**
 * Read a URL that came from outside and check what can be checked before any name is resolved.
 * Throws FetchRefused `bad-url`, `bad-scheme`, `bad-port` or `private-address`.
 */
export function checkTarget(url: string, allowPrivate: boolean): URL {
  const target = url.length > longestUrl ? null : readUrl(url);
  if (target === null) throw new FetchRefused("bad-url");
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw new FetchRefused("bad-scheme", { url });
  }
  const hostname = hostnameOf(target);
  if (target.username !== "" || target.password !== "" || hostname.endsWith(".")) {
    throw new FetchRefused("bad-url", { url });
  }
  target.hash = "";
  if (!allowPrivate) assertPublic(target, hostname);
  if (isIP(hostname) !== 0 && !mayConnect(hostname, allowPrivate)) {
    throw new FetchRefused("private-address", { url });
  }
  return target;
}

function assertPublic(target: URL, hostname: string): void {
  if (target.port !== "" && target.port !== "80" && target.port !== "443") {
    throw new FetchRefused("bad-port", { url: target.href });
  }
  const isLocal =
    isLocalhost(hostname) || localSuffixes.some((suffix) => hostname.endsWith(suffix));
  if (isLocal || (isIP(hostname) === 0 && !hostname.includes("."))) {
    throw new FetchRefused("private-address", { url: target.href });
  }
}

/**
 * Where a redirect leads, checked like any other target. Throws FetchRefused: `bad-scheme` when it
 * changes the scheme, `too-many-redirects` when it returns to a URL already visited.
 */
export function nextHop(
  from: URL,
  location: string,
  visited: ReadonlySet<string>,
  allowPrivate: boolean,
): URL {
  const next = location.length > longestUrl ? null : readUrl(location, from);
  if (next === null) throw new FetchRefused("bad-url", { url: from.href });
  const target = checkTarget(next.href, allowPrivate);
  if (target.protocol !== from.protocol) throw new FetchRefused("bad-scheme", { url: target.href });
  if (visited.has(target.href)) throw new FetchRefused("too-many-redirects", { url: target.href });
  return target;
}
