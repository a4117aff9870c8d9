import type { Document } from "./collection.js";

/** A document or a value as it is held in memory; bytes come back as `Uint8Array`. */
export type Value = unknown;

/** Whether the value is a plain document: neither an array, a date nor bytes. */
export function isDocument(value: Value): value is Document {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

const TAGS = new Set(["$date", "$bytes", "$number", "$escaped"]);

/**
 * The text that is stored for a document: JSON in which dates, bytes and numbers that JSON lacks
 * are objects with one `$` key. An object of the user's whose first key begins with `$` is wrapped,
 * so that it can never be taken for one of ours. Properties that are `undefined` are left out, and half of a
 * surrogate pair becomes U+FFFD, as in MongoDB, whose UTF-8 has none.
 * Throws a `TypeError` for what neither driver could store (functions, symbols, bigints, cycles).
 */
export function toText(doc: Document): string {
  const text = JSON.stringify(tagged(doc, 0));
  return text.includes(half) ? text.replace(escapes, wellFormed) : text;
}

/** How JSON begins half of a surrogate pair, in names as in texts; whole ones it writes as they are. */
const half = "\\ud";
/** Each escape from its own backslash on: one that follows an escaped backslash is none. */
const escapes = /\\(?:ud[0-9a-f]{3}|.)/g;

function wellFormed(escape: string): string {
  return escape.startsWith(half) ? "\ufffd" : escape;
}

const MAX_DEPTH = 100;

function tagged(value: Value, depth: number): Value {
  if (depth > MAX_DEPTH) throw new TypeError("a document cannot be nested deeper than 100 levels");
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: nameOf(value) };
    case "undefined":
      return null;
    case "object":
      return value === null ? null : taggedObject(value, depth);
    default:
      throw new TypeError(`a ${typeof value} cannot be stored`);
  }
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function taggedObject(value: object, depth: number): Value {
  if (Array.isArray(value)) return value.map((item: Value) => tagged(item, depth + 1));
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError("an invalid date cannot be stored");
    return { $date: value.getTime() };
  }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Map || value instanceof Set || value instanceof RegExp) {
    throw new TypeError(`a ${value.constructor.name} cannot be stored`);
  }
  const copy: Record<string, Value> = {};
  let first: string | undefined;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    first ??= key;
    put(copy, key, tagged(item, depth + 1));
  }
  return first?.startsWith("$") ? { $escaped: copy } : copy;
}

/** Sets a property of an object's own; `__proto__` is a name like others. */
function put(object: Record<string, Value>, key: string, value: Value): void {
  if (key !== "__proto__") object[key] = value;
  else {
    const kind = { writable: true, enumerable: true, configurable: true };
    Object.defineProperty(object, key, { value, ...kind });
  }
}

/** The document that `toText` wrote. */
export function fromText(text: string): Document {
  const parsed = JSON.parse(text) as Document;
  return text.includes('{"$') ? (untagged(parsed) as Document) : parsed;
}

function untagged(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = untagged(value[i]);
    return value;
  }
  const object = value as Record<string, Value>;
  const keys = Object.keys(object);
  const tag = keys[0];
  if (keys.length === 1 && tag !== undefined && TAGS.has(tag)) return valueOf(tag, object[tag]);
  return untagFields(object, keys);
}

function untagFields(object: Record<string, Value>, keys: readonly string[]): Value {
  for (const key of keys) {
    const before = object[key];
    if (typeof before !== "object" || before === null) continue;
    const after = untagged(before);
    if (after !== before) put(object, key, after);
  }
  return object;
}

function valueOf(tag: string, content: Value): Value {
  switch (tag) {
    case "$date":
      return new Date(content as number);
    case "$bytes":
      return new Uint8Array(Buffer.from(content as string, "base64"));
    case "$number":
      return Number(content);
    default:
      return untagFields(
        content as Record<string, Value>,
        Object.keys(content as Record<string, Value>),
      );
  }
}

/**
 * A copy that shares nothing with the original, and equals what `fromText` would give of it: bytes of
 * any kind become `Uint8Array`, `undefined` is left out, or null in a list.
 */
export function copyOf(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Value) => copyOf(item) ?? null);
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  const copy: Record<string, Value> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    put(copy, key, copyOf(item));
  }
  return copy;
}
