import { isIP } from "node:net";
import { readUrl } from "../../drivers/web-address.js";

/** Labels of a name that are looked at, from its end; names of hosts have far fewer. */
const mostLabels = 20;

/**
 * A host as lists keep it: lower case, IDNA in ASCII (UTS 46), without trailing dot, scheme, path,
 * leading `@` or `*.`, or a default port. Any other port stays. Null for what names no host.
 */
export function canonicalHost(typed: string): string | null {
  const text = typed.trim().replace(/^(?:@|\*\.)/, "");
  if (text === "" || text.length > 2048 || /[\s@\\]/.test(text)) return null;
  const isWhole = /^https?:\/\//i.test(text);
  if (!isWhole && text.includes("://")) return null;
  const url = readUrl(isWhole ? text : `https://${text}`);
  if (url === null || url.username !== "") return null;
  const name = url.hostname.replace(/\.$/, "");
  if (name === "" || name.length > 253 || name.startsWith(".") || name.includes("..")) return null;
  const isPlain = url.port === "" || url.port === "443" || url.port === "80";
  return isPlain ? name : `${name}:${url.port}`;
}

/**
 * The names by which a list may mean a host, the closest first: itself with its port and without,
 * and the domains that it lies in, down to two labels. An IP address lies in none.
 */
export function namesFor(host: string): string[] {
  const own = canonicalHost(host);
  if (own === null) return [];
  const name = own.replace(/:\d+$/, "");
  const isAddress = name.startsWith("[") || isIP(name) !== 0;
  const labels = isAddress ? [] : name.split(".").slice(-mostLabels);
  const parents = labels.slice(1, -1).map((_label, at) => labels.slice(at + 1).join("."));
  return [...new Set([own, name, ...parents])];
}

/** Whether a host is `listed` or lies in it. */
export function isWithin(host: string, listed: string): boolean {
  return namesFor(host).includes(listed);
}
