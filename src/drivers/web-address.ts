import { domainToASCII } from "node:url";

/**
 * Read a URL (WHATWG), relative to `base` when one is given; null when it is none. Node 20's own
 * `URL.canParse` is not used: once compiled hot, it calls addresses with letters such as "é" ill-formed.
 */
export function readUrl(text: string, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

const typedName = /^([^\s/:?#@%\\[\]]+)(:\d{1,5})?$/;

/**
 * A host as somebody types it, letters such as "é" as the DNS and every URL have them (UTS 46, Punycode): that
 * is how hosts are stored. Plain letters, and what is no host, are left as they are.
 */
export function asciiHost(typed: string): string {
  const [, name = "", port = ""] = typedName.exec(typed) ?? [];
  const ascii = /^[\x21-\x7e]*$/.test(name) ? "" : domainToASCII(name);
  return ascii === "" ? typed : ascii + port;
}
