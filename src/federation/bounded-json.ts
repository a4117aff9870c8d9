import { isUtf8 } from "node:buffer";

/** Bounds of a document from outside. */
export interface JsonBounds {
  readonly maxDepth: number;
  /** Members of objects and arrays, all together. */
  readonly maxItems: number;
}

/** What a federated document may hold at most. */
export const documentBounds: JsonBounds = { maxDepth: 20, maxItems: 20_000 };

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

function isOpening(byte: number): boolean {
  return byte === 0x5b || byte === 0x7b;
}

function isClosing(byte: number): boolean {
  return byte === 0x5d || byte === 0x7d;
}

function isWithin(bytes: Uint8Array, { maxDepth, maxItems }: JsonBounds): boolean {
  let depth = 0;
  let items = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) items += 1;
    else if (isOpening(byte)) depth += 1;
    else if (isClosing(byte)) depth -= 1;
    if (depth > maxDepth || items > maxItems) return false;
  }
  return true;
}

/** The text of bytes in UTF-8. Throws when they are not, which `isUtf8` finds faster than a decoder. */
function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError("not UTF-8");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/**
 * Read bytes as JSON in UTF-8. Null when they are ill-formed, nested too deep or hold too much; the
 * bounds are checked before anything is built.
 */
export function parseBoundedJson(
  bytes: Uint8Array,
  bounds: JsonBounds = documentBounds,
): { readonly value: unknown } | null {
  if (!isWithin(bytes, bounds)) return null;
  try {
    return { value: JSON.parse(textOf(bytes)) };
  } catch {
    return null;
  }
}
