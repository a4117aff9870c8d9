import { createRequire } from "node:module";
import { isIP } from "node:net";
import type * as Tldts from "tldts";

// Its list of suffixes is large, and only needed once somebody unknown comes.
const onDemand = createRequire(import.meta.url);

/**
 * Whoever a host name belongs to: the domain that was registered under a public suffix (those where
 * people get a name each, such as hosting services, included), in which its holder can make as many
 * names as they like. An IPv4 address stands for itself; all IPv6 addresses for one, since whoever has
 * any has millions. @param host as `URL.host` has it, with or without a port.
 */
export function registrableDomain(host: string): string {
  if (host.startsWith("[")) return "[::]";
  const hostname = host.replace(/:\d+$/, "");
  if (isIP(hostname) !== 0) return host;
  const { getDomain } = onDemand("tldts") as typeof Tldts;
  return getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
}
