import { domainToUnicode } from "node:url";
import { asciiHost } from "../drivers/web-address.js";

/** The hosts that begin as somebody typed it. */
export interface HostSearch {
  /** How they begin as they are stored; others may, too. */
  readonly prefixes: readonly string[];
  /** Whether a host is one of them. */
  isMeant(host: string): boolean;
}

/**
 * Looks for hosts by their beginning, as people write them. A label with a letter such as "é" is stored as `xn--`,
 * its plain letters, and what tells of the others (RFC 3492): whatever such a label begins with, its plain
 * letters come first there, and the few that share them are compared as they are read.
 */
export function hostsBeginning(typed: string): HostSearch {
  const labels = typed.normalize("NFC").toLowerCase().split(".");
  const last = labels.pop() ?? "";
  const before = labels.map((label) => `${asciiHost(label)}.`).join("");
  const plain = last.replace(/[^\x21-\x7e]/g, "");
  const beginning = readableHost(before) + last;
  return {
    prefixes: [...(plain === last ? [before + last] : []), `${before}xn--${plain}`],
    isMeant: (host) => host.startsWith(before + last) || readableHost(host).startsWith(beginning),
  };
}

/** A host as its people know it, letters such as "é" included. */
export function readableHost(host: string): string {
  return domainToUnicode(host) || host;
}
