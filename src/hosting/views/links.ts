/**
 * Fill `:name` segments of a path from `params` and put the other params in the query.
 * Null and empty values are left out of the query. Throws when a segment has no value.
 */
export function fillAddress(path: string, params: Readonly<Record<string, unknown>>): string {
  const left = new Map(Object.entries(params));
  const filled = path.replace(/:([a-z]\w*)/gi, (_, name: string) => {
    const value = left.get(name);
    if (value === null || value === undefined) throw new Error(`${path} needs ${name}`);
    left.delete(name);
    return encodeURIComponent(plain(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of left) {
    if (value !== null && value !== undefined && value !== "") query.append(name, plain(value));
  }
  const search = query.toString();
  return search === "" ? filled : `${filled}${filled.includes("?") ? "&" : "?"}${search}`;
}

/**
 * An address that is safe to put in `href`: `#` replaces scripts, data and anything unreadable.
 * Whitespace and control characters are refused since browsers drop them before reading a scheme.
 */
export function safeHref(address: unknown): string {
  if (typeof address !== "string" || /[\u0000-\u0020\u007f\\]/.test(address)) return "#";
  if (/^(https?:\/\/|mailto:|tel:|#|\?|\/(?!\/))/i.test(address)) return address;
  return /^[^:/?#]*:/.test(address) || address.startsWith("//") || address === "" ? "#" : address;
}

function plain(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError("An address is filled with words and numbers only.");
}
