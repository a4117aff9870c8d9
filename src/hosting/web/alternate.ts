import { readUrl } from "../../drivers/web-address.js";

/**
 * The `Link` header of a page whose content other servers can read as an object (RFC 8288, section
 * 3), or null for what is no address. A URL's own spelling holds nothing that could end the header.
 */
export function alternateLink(uri: string): string | null {
  const url = readUrl(uri);
  return url === null ? null : `<${url.href}>; rel="alternate"; type="application/activity+json"`;
}
