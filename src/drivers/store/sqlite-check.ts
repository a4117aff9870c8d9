import { isShaped, type CollectionInfo, type IndexInfo } from "./catalog.js";
import type { Reader } from "./sqlite-find.js";
import { keysOf } from "./sqlite-rows.js";
import type { Stored } from "./sqlite-scan.js";
import { fromText } from "./values.js";

/** Unless a full check is asked for, this many of the newest documents are compared. */
const SAMPLE = 2000;

/**
 * Compares the file with itself: SQLite's `quick_check`, the number of `_id`s with the number of
 * documents, and each index with the documents it should hold: the newest 2,000 of a collection, or
 * every one and nothing more when `full`. Throws an error that lists what is wrong.
 */
export function checkTables(reader: Reader, full: boolean): void {
  const problems: string[] = [];
  for (const [line] of reader.db.all("PRAGMA quick_check(20)", [])) {
    if (line !== "ok") problems.push(`the file is damaged: ${String(line)}`);
  }
  if (problems.length === 0) {
    const documents = reader.catalog.all().filter((info) => !isShaped(info));
    for (const info of documents) problems.push(...checkCollection(reader, info, full));
  }
  if (problems.length === 0) return;
  const shown = problems.slice(0, 20).join("; ");
  throw new Error(`the store is damaged (${problems.length} findings): ${shown}`);
}

function checkCollection(reader: Reader, info: CollectionInfo, full: boolean): string[] {
  const problems: string[] = [];
  const documents = countRows(reader, info.table);
  const ids = countRows(reader, info.indexes[0]?.table ?? info.table);
  if (documents !== ids) problems.push(`${info.name} has ${documents} documents but ${ids} ids`);
  const expected = info.indexes.map(() => 0);
  for (const row of newest(reader, info, full ? Number.MAX_SAFE_INTEGER : SAMPLE)) {
    for (const [position, index] of info.indexes.entries()) {
      const { keys } = keysOf(index, row);
      expected[position] = (expected[position] ?? 0) + keys.length;
      for (const key of keys) {
        const holder = reader.db.first(`SELECT rid FROM ${index.table} WHERE k = ?`, [key])?.[0];
        if (holder !== row.rid) problems.push(missing(info, index, row));
      }
    }
  }
  if (!full && documents > SAMPLE) return problems;
  for (const [position, index] of info.indexes.entries()) {
    const present = countRows(reader, index.table);
    if (present === expected[position]) continue;
    problems.push(`${info.name}.${index.name} has ${present} keys for ${expected[position]}`);
  }
  return problems;
}

function missing(info: CollectionInfo, index: IndexInfo, row: Stored): string {
  return `${info.name}.${index.name} does not lead to ${String(row.doc["_id"])}`;
}

function countRows({ db }: Reader, table: string): number {
  return db.first(`SELECT count(*) FROM ${table}`, [])?.[0] as number;
}

function* newest({ db }: Reader, info: CollectionInfo, most: number): Generator<Stored> {
  const sql = `SELECT rid, doc FROM ${info.table} WHERE rid < ? ORDER BY rid DESC LIMIT 200`;
  let last = Number.MAX_SAFE_INTEGER;
  for (let read = 0; read < most;) {
    const batch = db.all(sql, [last]);
    for (const [rid, text] of batch) {
      yield { rid: rid as number, text: text as string, doc: fromText(text as string) };
    }
    if (batch.length < 200) return;
    last = batch.at(-1)?.[0] as number;
    read += batch.length;
  }
}
