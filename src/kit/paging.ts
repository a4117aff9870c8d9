import { z } from "zod";
import { Refusal } from "./refusal.js";

/** One page of a list, and the cursors of its neighbours. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const cursorSchema = z.array(z.union([z.string().max(200), z.number(), z.null()])).max(4);

/** Pack the sort values of the last row shown into an opaque, URL-safe cursor. */
export function packCursor(values: ReadonlyArray<string | number | Date | null>): string {
  const plain = values.map((value) => (value instanceof Date ? value.getTime() : value));
  return Buffer.from(JSON.stringify(plain)).toString("base64url");
}

/** Unpack a cursor from an address; refuses ("not-found") what we never handed out. */
export function unpackCursor(cursor: string, length: number): Array<string | number | null> {
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
