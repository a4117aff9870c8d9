import { isDocument, type Value } from "./values.js";

/**
 * Bytes that sort as MongoDB sorts values: first by type (null, numbers, strings, objects, arrays,
 * bytes, booleans, dates: the BSON comparison order), then by value. Strings are compared as UTF-8.
 * Every encoding ends by itself, so that several can follow one another in one key.
 */
export const TYPE = {
  emptyArray: 0x05,
  null: 0x0a,
  number: 0x14,
  string: 0x1e,
  object: 0x28,
  array: 0x32,
  bytes: 0x3c,
  boolean: 0x50,
  date: 0x5a,
  end: 0xf0,
} as const;

/** Stands for `[]` itself, which MongoDB indexes below null. */
export const EMPTY_ARRAY = Symbol("empty array");

/** The type byte that an encoding of the value starts with. */
export function typeByte(value: Value): number {
  if (value === EMPTY_ARRAY) return TYPE.emptyArray;
  if (value === null || value === undefined) return TYPE.null;
  if (typeof value === "number" || typeof value === "bigint") return TYPE.number;
  if (typeof value === "string") return TYPE.string;
  if (typeof value === "boolean") return TYPE.boolean;
  if (value instanceof Date) return TYPE.date;
  if (value instanceof Uint8Array) return TYPE.bytes;
  return Array.isArray(value) ? TYPE.array : TYPE.object;
}

/** One value as bytes that sort as the value does. */
export function encodeValue(value: Value): Buffer {
  const type = typeByte(value);
  if (typeof value === "string") return encodeString(value);
  if (type === TYPE.number) return encodeNumber(type, Number(value));
  if (value instanceof Date) return encodeNumber(type, value.getTime());
  if (type === TYPE.boolean) return Buffer.from([type, value === true ? 1 : 0]);
  if (value instanceof Uint8Array) return encodeBytes(value);
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([type]), ...value.map(encodeValue), Buffer.from([0])]);
  }
  if (isDocument(value)) return encodeObject(value);
  return Buffer.from([type]);
}

function encodeNumber(type: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = type;
  if (Number.isNaN(value)) return bytes.fill(0, 1);
  bytes.writeDoubleBE(value === 0 ? 0 : value, 1);
  if ((bytes[1] as number) & 0x80) for (let i = 1; i < 9; i++) bytes[i] = ~(bytes[i] as number);
  else bytes[1] = (bytes[1] as number) | 0x80;
  return bytes;
}

function encodeString(value: string): Buffer {
  if (value.includes("\0")) return withEscapes(Buffer.from(value, "utf8"));
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(value) + 3);
  bytes[0] = TYPE.string;
  const end = 1 + bytes.write(value, 1);
  bytes[end] = 0;
  bytes[end + 1] = 0;
  return bytes;
}

function withEscapes(utf8: Buffer): Buffer {
  const out: number[] = [TYPE.string];
  for (const byte of utf8) {
    out.push(byte);
    if (byte === 0) out.push(0xff);
  }
  return Buffer.from([...out, 0, 0]);
}

function encodeBytes(value: Uint8Array): Buffer {
  const head = Buffer.alloc(5, TYPE.bytes);
  head.writeUInt32BE(value.byteLength, 1);
  return Buffer.concat([head, value]);
}

function encodeObject(value: object): Buffer {
  const parts: Buffer[] = [Buffer.from([TYPE.object])];
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const encoded = encodeValue(item);
    parts.push(encoded.subarray(0, 1), encodeString(name).subarray(1), encoded.subarray(1));
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** The bytes turned over, so that what sorted first sorts last. Changes them in place. */
export function invert(bytes: Buffer): Buffer {
  for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number);
  return bytes;
}

/** One field of an index key: `-1` sorts from last to first. */
export function encodeField(value: Value, direction: 1 | -1): Buffer {
  const bytes = encodeValue(value);
  return direction === 1 ? bytes : invert(bytes);
}

/** The smallest bytes greater than every key that starts with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.from([0xff])]);
}

/** Orders values of any types as MongoDB does. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number" && a === a && b === b)
    return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof Date && b instanceof Date) return Math.sign(a.getTime() - b.getTime());
  return Buffer.compare(encodeValue(a), encodeValue(b));
}
