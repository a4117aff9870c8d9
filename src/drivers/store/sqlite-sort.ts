import type { Document } from "./collection.js";
import { indexEntries, indexFields, type IndexField } from "./index-keys.js";

/** A sort by which two documents are compared through the bytes of their keys. */
export interface SortKey {
  readonly fields: readonly IndexField[];
  of(doc: Document): Buffer;
}

/**
 * The order of a `sort` option, MongoDB's: by type, then value; an array counts by its smallest
 * element when ascending and by its largest when descending, and `[]` comes before null.
 */
export function sortKey(sort: Readonly<Record<string, 1 | -1>>): SortKey {
  const fields = indexFields(sort);
  const singles = fields.map((field) => [field]);
  return {
    fields,
    of: (doc) => Buffer.concat(singles.map((single) => smallest(indexEntries(single, doc).keys))),
  };
}

function smallest(keys: readonly Buffer[]): Buffer {
  let least = keys[0] as Buffer;
  for (const key of keys) if (Buffer.compare(key, least) < 0) least = key;
  return least;
}

/** Something with a sort key, kept by `keepLeast`. */
export interface Keyed {
  readonly key: Buffer;
}

/**
 * The `count` least of a stream in order, holding no more than twice as many at once; equal keys
 * keep the order in which they came.
 */
export function keepLeast<T extends Keyed>(items: Iterable<T>, count: number): T[] {
  const inOrder = (kept: T[]): T[] => kept.sort((a, b) => Buffer.compare(a.key, b.key));
  if (!Number.isFinite(count)) return inOrder([...items]);
  let kept: T[] = [];
  let worst: Buffer | null = null;
  for (const item of items) {
    if (worst !== null && Buffer.compare(item.key, worst) >= 0) continue;
    kept.push(item);
    if (kept.length < Math.max(2 * count, 64)) continue;
    kept = inOrder(kept).slice(0, count);
    worst = kept.length === count ? (kept.at(-1)?.key ?? null) : worst;
  }
  return inOrder(kept).slice(0, count);
}
