/**
 * Handles are unique across everything that has one, by construction: each kind has a shape of its
 * own, so that no register has to be asked and no race can be lost.
 *
 * | who | shape |
 * |---|---|
 * | proposal | `p` and its number |
 * | topic | `topic_` and its slug |
 * | author of an import | `i_…` |
 * | the instance itself | with a point, which no other has: its host, or `instance.actor` |
 * | member | two letters, then letters and digits, never `_`; never the city's own |
 * | city or association | whatever is left; chosen while there is no member yet, then permanent |
 */
const shaped = /^(?:p\d+|topic_.*|i_.*)$/;

/** What software or readers would take for the machine's own. */
const reserved: ReadonlySet<string> = new Set(["actor", "instance", "inbox", "admin", "parvis"]);

const letters = "abcdefghjkmnpqrstuvwxyz";
const signs = `${letters}23456789`;

/** How many random bytes a member's handle is made of. */
export const memberHandleBytes = 10;

/** A handle that every server accepts: `[a-z0-9_]{1,30}`. */
export function isHandle(text: string): boolean {
  return /^[a-z0-9_]{1,30}$/.test(text);
}

/** Whether a city or association may take that handle, as far as others who have one go. */
export function isFreeForCity(handle: string): boolean {
  return isHandle(handle) && !shaped.test(handle) && !reserved.has(handle);
}

/** A member's handle, which tells nothing of its owner: ten letters and digits, first two letters. */
export function memberHandle(random: Uint8Array): string {
  return Array.from(random.subarray(0, memberHandleBytes), (byte, at) => {
    const from = at < 2 ? letters : signs;
    return from[byte % from.length] as string;
  }).join("");
}

/** A topic's handle. A slug has no `_`, so that two slugs never meet. */
export function topicHandle(slug: string): string {
  return `topic_${slug.replaceAll("-", "_")}`;
}

/** The slug of a topic's handle, or null. */
export function slugOfHandle(handle: string): string | null {
  const slug = /^topic_([a-z0-9_]{1,24})$/.exec(handle)?.[1];
  return slug === undefined ? null : slug.replaceAll("_", "-");
}

/** A proposal's handle. */
export function proposalHandle(number: number): string {
  return `p${number}`;
}

/** The number of a proposal's handle, or null. */
export function numberOfHandle(handle: string): number | null {
  const number = /^p([1-9]\d{0,9})$/.exec(handle)?.[1];
  return number === undefined ? null : Number(number);
}

/** The handle of the instance's own actor: its host, where that is one that Mastodon accepts. */
export function instanceHandle(host: string): string {
  const known = /^[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*$/.test(host) && host.includes(".");
  return known ? host : "instance.actor";
}
