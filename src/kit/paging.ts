import { z } from "zod";
import { Refusal } from "./refusal.js";

/** One page of a list, and the cursors of its neighbours. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** As far as a `Date` reaches (ECMA-262, section 21.4.1.1): any number of a cursor can become one. */
const most = 8.64e15;
const sortValue = z.number().min(-most).max(most);
const cursorSchema = z.tuple([z.string().max(200)]).or(
  z
    .array(z.union([sortValue, z.string().max(200)]))
    .min(2)
    .max(4)
    .refine((values) =>
      values.every((value, i) => (typeof value === "string") === (i === values.length - 1)),
    ),
);

/**
 * Pack the sort values of the last row shown into an opaque, URL-safe cursor: numbers and dates, and
 * at the end the row's id.
 */
export function packCursor(values: ReadonlyArray<string | number | Date>): string {
  const plain = values.map((value) => (value instanceof Date ? value.getTime() : value));
  return Buffer.from(JSON.stringify(plain)).toString("base64url");
}

/**
 * Unpack a cursor from an address: finite numbers that a `Date` takes, and the id at the end.
 * Refuses ("not-found") what we never handed out.
 */
export function unpackCursor(cursor: string, length: number): ReadonlyArray<string | number> {
  try {
    const parsed = cursorSchema.parse(
      JSON.parse(Buffer.from(cursor.slice(0, 1000), "base64url").toString("utf8")),
    );
    if (parsed.length === length) return parsed;
  } catch {
    throw new Refusal("not-found");
  }
  throw new Refusal("not-found");
}

/** Turn `limit + 1` rows into a page of `limit` and the cursor of what follows. */
export function sliceOf<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): Slice<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
