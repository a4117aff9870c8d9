const deepest = 64;

function serialize(value: unknown, depth: number): string {
  if (depth > deepest) throw new TypeError("nested too deep to canonicalise");
  if (Array.isArray(value)) return `[${value.map((one) => serialize(one, depth + 1)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${text(name)}:${serialize(member, depth + 1)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "string") return text(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("not a number");
  if (value === null || typeof value === "number" || typeof value === "boolean") {
    return JSON.stringify(value);
  }
  throw new TypeError("not JSON");
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new TypeError("half a surrogate pair");
  return JSON.stringify(value);
}

/**
 * JSON in its one canonical form (RFC 8785): members sorted by UTF-16 code units, ECMAScript's
 * numbers and escapes. Members that are undefined are left out. Throws TypeError for what is not
 * I-JSON: half surrogate pairs, infinite numbers, other types, nesting beyond 64.
 */
export function canonicalJson(value: unknown): string {
  return serialize(value, 0);
}
