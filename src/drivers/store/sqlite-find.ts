import { isShaped, type CollectionInfo } from "./catalog.js";
import type { Cursor, Document } from "./collection.js";
import { candidates, countKeys, type Stored } from "./sqlite-scan.js";
import { matcher } from "./sqlite-match.js";
import { plan as planQuery, type Plan, type Sort } from "./sqlite-plan.js";
import type { Tables } from "./sqlite-rows.js";
import { shapedCount, shapedRows } from "./sqlite-shaped.js";
import { keepLeast, sortKey } from "./sqlite-sort.js";

/** What a query told its watcher: no index narrowed it, or too much had to be sorted in memory. */
export interface ScanInfo {
  readonly collection: string;
  readonly filter: Document;
  readonly sort: Sort;
}

/** The tables, and who wants to know of slow queries. */
export interface Reader extends Tables {
  readonly onScan: ((info: ScanInfo) => void) | null;
}

/** One checked query. A `limit` of 0 means none. */
export interface Query {
  readonly filter: Document;
  readonly sort: Sort;
  readonly skip: number;
  readonly limit: number;
  readonly projection: Document | undefined;
}

/** More candidates than this sorted in memory are worth an index. */
const SORTED_IN_MEMORY = 200;

/** The rows a query yields, in order. Safe to read slowly while the collection changes. */
export function* rows(reader: Reader, info: CollectionInfo, query: Query): Generator<Stored> {
  if (isShaped(info)) {
    for (const doc of shapedRows(reader, info, query)) yield { rid: 0, text: "", doc };
    return;
  }
  const chosen = planQuery(info, query.filter, query.sort);
  if (!chosen.served) report(reader, info, query);
  const found = matching(reader, info, query, chosen);
  const end = query.limit > 0 ? query.skip + query.limit : Number.POSITIVE_INFINITY;
  const ordered = chosen.sorted ? found : sortedRows(reader, info, query, found, end);
  let position = 0;
  for (const row of ordered) {
    position += 1;
    if (position > query.skip) yield row;
    if (position >= end) return;
  }
}

function report({ onScan }: Reader, { name }: CollectionInfo, { filter, sort }: Query): void {
  onScan?.({ collection: name, filter, sort });
}

const FIRST_BATCH = 101;

function* matching(
  { db }: Reader,
  info: CollectionInfo,
  query: Query,
  chosen: Plan,
): Generator<Stored> {
  const wanted = query.limit > 0 && chosen.sorted ? query.skip + query.limit : FIRST_BATCH;
  const found = candidates(db, info, chosen, Math.min(wanted, FIRST_BATCH));
  if (chosen.exact) return yield* found;
  const match = matcher(query.filter);
  for (const row of found) if (match(row.doc)) yield row;
}

function* sortedRows(
  reader: Reader,
  info: CollectionInfo,
  query: Query,
  found: Iterable<Stored>,
  count: number,
): Generator<Stored> {
  const order = sortKey(query.sort);
  let seen = 0;
  function* keyed(): Generator<{ key: Buffer; row: Stored }> {
    for (const row of found) {
      seen += 1;
      yield { key: order.of(row.doc), row };
    }
  }
  const least = keepLeast(keyed(), count);
  if (seen > SORTED_IN_MEMORY) report(reader, info, query);
  for (const { row } of least) yield row;
}

/**
 * How many documents a checked filter matches, counted up to `most` (0: all of them); counts keys
 * alone when they tell it all.
 */
export function count(
  reader: Reader,
  info: CollectionInfo,
  filter: Document,
  most: number,
): number {
  if (isShaped(info)) return shapedCount(reader, info, { filter, most });
  const chosen = planQuery(info, filter, {});
  if (chosen.exact) return countExactly(reader, info, chosen, most);
  let total = 0;
  for (const _row of rows(reader, info, { filter, ...EVERYTHING, limit: most })) total += 1;
  return total;
}

/** Neither sorted, nor paged, nor projected. */
export const EVERYTHING = { sort: {}, skip: 0, limit: 0, projection: undefined } as const;

function countExactly({ db }: Reader, info: CollectionInfo, { scans }: Plan, most: number): number {
  if (scans) return countKeys(db, scans, most);
  return db.first(
    `SELECT count(*) FROM ${info.indexes[0]?.table ?? info.table}`,
    [],
  )?.[0] as number;
}

const BETWEEN_PAUSES = 500;

/**
 * A cursor over rows that are read as they are asked for, with a pause for other work after every
 * 500 of them.
 */
export function cursor<T>(start: () => Iterator<Stored>): Cursor<T> {
  let source: Iterator<Stored> | null = null;
  let closed = false;
  let read = 0;

  async function next(): Promise<IteratorResult<T, undefined>> {
    if (closed) return { done: true, value: undefined };
    source ??= start();
    const step = source.next();
    if (step.done) {
      closed = true;
      return { done: true, value: undefined };
    }
    read += 1;
    if (read % BETWEEN_PAUSES === 0) await pause();
    return { done: false, value: step.value.doc as T };
  }

  async function close(): Promise<void> {
    closed = true;
  }

  async function toArray(): Promise<T[]> {
    const all: T[] = [];
    if (closed) return all;
    source ??= start();
    for (let step = source.next(); !step.done; step = source.next()) {
      all.push(step.value.doc as T);
      if (all.length % BETWEEN_PAUSES === 0) await pause();
    }
    closed = true;
    return all;
  }

  const iterator = {
    next,
    return: async () => {
      await close();
      return { done: true as const, value: undefined };
    },
  };
  return { toArray, close, [Symbol.asyncIterator]: () => iterator };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
