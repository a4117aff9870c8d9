import type { CollectionInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import type { Interval } from "./plan-bounds.js";
import type { Connection, SqlValue } from "./sqlite-connection.js";
import type { IndexScan, Plan } from "./sqlite-plan.js";
import { fromText } from "./values.js";

/** A stored document with the number of its row. */
export interface Stored {
  readonly rid: number;
  readonly text: string;
  readonly doc: Document;
}

interface Entry {
  readonly key: Buffer;
  readonly rid: number;
  readonly text: string;
}

type Row = readonly SqlValue[];

const LARGEST_BATCH = 500;

/**
 * The candidates of a plan, in its order, read in growing batches. Between two batches the
 * collection may change: each batch begins after the last key that was read.
 */
export function* candidates(
  db: Connection,
  info: CollectionInfo,
  plan: Plan,
  firstBatch: number,
): Generator<Stored> {
  if (plan.scans === null) {
    yield* everything(db, info, firstBatch);
    return;
  }
  const seen = plan.repeats ? new Set<number>() : null;
  for (const { rid, text } of merged(db, info, plan.scans, firstBatch)) {
    if (seen?.has(rid)) continue;
    seen?.add(rid);
    yield { rid, text, doc: fromText(text) };
  }
}

function* everything(db: Connection, info: CollectionInfo, firstBatch: number): Generator<Stored> {
  const sql = `SELECT rid, doc FROM ${info.table} WHERE rid > ? ORDER BY rid LIMIT ?`;
  let last = 0;
  for (let size = firstBatch; ; size = Math.min(size * 2, LARGEST_BATCH)) {
    const rows = db.all(sql, [last, size]);
    for (const [rid, text] of rows) {
      yield { rid: rid as number, text: text as string, doc: fromText(text as string) };
    }
    if (rows.length < size) return;
    last = rows.at(-1)?.[0] as number;
  }
}

function* merged(
  db: Connection,
  info: CollectionInfo,
  scans: readonly IndexScan[],
  firstBatch: number,
): Generator<Entry> {
  const intervals = scans.flatMap((scan) => scan.intervals.map((interval) => ({ scan, interval })));
  const only = intervals[0];
  if (intervals.length === 1 && only) {
    yield* readInterval(db, info, only.scan, only.interval, firstBatch);
    return;
  }
  const each = Math.max(1, Math.min(firstBatch, Math.ceil((4 * firstBatch) / intervals.length)));
  const heads: Head[] = [];
  for (const { scan, interval } of intervals) {
    const rest = readInterval(db, info, scan, interval, each);
    push(heads, { rest, offset: interval.offset, sign: scan.backwards ? -1 : 1 });
  }
  yield* inOrder(heads);
}

interface Head {
  readonly entry: Entry;
  readonly part: Buffer;
  readonly rest: Iterator<Entry>;
  readonly offset: number;
  readonly sign: 1 | -1;
}

/** Keeps the list sorted from last to first, so that the next one is at its end. */
function push(heads: Head[], source: Omit<Head, "entry" | "part">): void {
  const next = source.rest.next();
  if (next.done) return;
  const head = { ...source, entry: next.value, part: next.value.key.subarray(source.offset) };
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = heads[middle] as Head;
    if (head.sign * Buffer.compare(other.part, head.part) > 0) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, head);
}

function* inOrder(heads: Head[]): Generator<Entry> {
  for (let head = heads.pop(); head; head = heads.pop()) {
    yield head.entry;
    push(heads, { rest: head.rest, offset: head.offset, sign: head.sign });
  }
}

function* readInterval(
  db: Connection,
  info: CollectionInfo,
  scan: IndexScan,
  interval: Interval,
  firstBatch: number,
): Generator<Entry> {
  const from = `SELECT i.k, i.rid, d.doc FROM ${scan.index.table} i CROSS JOIN ${info.table} d
    ON d.rid = i.rid WHERE`;
  if (scan.single) {
    for (const row of one(db, `${from} i.k = ?`, [interval.low])) yield entryOf(row);
    return;
  }
  const sql = `${from} i.k >= ? AND i.k < ? ORDER BY i.k ${scan.backwards ? "DESC" : "ASC"} LIMIT ?`;
  let { low, high } = interval;
  for (let size = firstBatch; ; size = Math.min(size * 2, LARGEST_BATCH)) {
    const rows = size === 1 ? one(db, sql, [low, high, 1]) : db.all(sql, [low, high, size]);
    for (const row of rows) yield entryOf(row);
    if (rows.length < size) return;
    const last = rows.at(-1)?.[0] as Buffer;
    if (scan.backwards) high = last;
    else low = Buffer.concat([last, Buffer.from([0])]);
  }
}

function entryOf([key, rid, text]: Row): Entry {
  return { key: key as Buffer, rid: rid as number, text: text as string };
}

/** One row is fetched in a third of the time that a list of one takes. */
function one(db: Connection, sql: string, values: readonly SqlValue[]): Row[] {
  const row = db.first(sql, values);
  return row ? [row] : [];
}

/** How many keys the intervals of an exact plan hold, counted up to `most` (0: all of them). */
export function countKeys(db: Connection, scans: readonly IndexScan[], most: number): number {
  let total = 0;
  for (const scan of scans) {
    const sql = `SELECT count(*) FROM
      (SELECT 1 FROM ${scan.index.table} WHERE k >= ? AND k < ? LIMIT ?)`;
    for (const { low, high } of scan.intervals) {
      const left = most === 0 ? -1 : most - total;
      total += db.first(sql, [low, high, left])?.[0] as number;
      if (total === most && most > 0) return total;
    }
  }
  return total;
}
