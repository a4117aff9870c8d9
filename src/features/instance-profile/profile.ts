import { z } from "zod";
import { readUrl } from "../../drivers/web-address.js";
import { Refusal } from "../../kit/index.js";
import { safeWebAddress } from "../../kit/text/sanitize.js";

/** The sizes that Mastodon shows pictures of actors in. */
export const logoSize = { width: 400, height: 400, transparent: true } as const;
export const bannerSize = { width: 1500, height: 500, transparent: false } as const;

/** Bytes that an uploaded picture may have. */
export const mostPictureBytes = 4 * 1024 * 1024;

/** Mastodon reads 256 of an actor's `attributionDomains`; one of them is our own. */
export const mostDomains = 255;

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** A host name as the name system has it (lower case, IDNA); null for anything else, an IP address too. */
export function hostNameOf(typed: string): string | null {
  if (/[/:@?#\\\s]/.test(typed)) return null;
  const name = readUrl(`https://${typed}/`)?.hostname.replace(/\.$/, "") ?? "";
  return name.length <= 253 && hostPattern.test(name) ? name : null;
}

/**
 * The host names of a text with one a line, each once. Throws `Refusal("invalid-form")` that names the
 * first line which is none, or says that there are too many.
 */
export function domainsOf(text: string): string[] {
  const typed = text.split(/[\s,]+/u).filter((part) => part !== "");
  const domains = typed.map((part) => {
    const name = hostNameOf(part);
    if (name === null) throw refuseDomains("domain", { domain: part.slice(0, 100) });
    return name;
  });
  const each = [...new Set(domains)];
  if (each.length > mostDomains) throw refuseDomains("domains", { max: mostDomains });
  return each;
}

function refuseDomains(key: string, params: Readonly<Record<string, string | number>>): Refusal {
  const error = { field: "attributionDomains", key: `instance-profile.errors.${key}`, params };
  return new Refusal("invalid-form", [error]);
}

/** Whether somebody can be reached there: a mail address or a web address. */
export function isContact(value: string): boolean {
  return z.email().safeParse(value).success || safeWebAddress(value) !== null;
}

/** The address that leads to a contact. */
export function contactLink(contact: string): string {
  return safeWebAddress(contact) ?? `mailto:${contact}`;
}
