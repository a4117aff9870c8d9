/**
 * What may not stand in a name: control characters, halves of surrogate pairs, ends of lines, and the
 * characters that turn or hide the text after them (Unicode UTS 55, section 3.2). Joiners stay, which
 * emoji and several scripts are written with.
 */
const treacherous =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** A name of somebody elsewhere as it can stand in a line of ours: nothing after it reads otherwise. */
export function plainName(name: string): string {
  return name.replace(treacherous, " ").replace(/\s+/g, " ").trim();
}

const handle = /^[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*$/i;

/** A name before the `@` of a handle as Mastodon takes it; empty when it is none. */
export function plainHandle(username: string): string {
  return handle.test(username) ? username : "";
}
