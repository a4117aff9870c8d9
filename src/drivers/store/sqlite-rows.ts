import type { Catalog } from "./sqlite-catalog.js";
import type { CollectionInfo, IndexInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { indexEntries } from "./index-keys.js";
import type { Answers } from "./sqlite-answers.js";
import type { Connection } from "./sqlite-connection.js";
import type { Stored } from "./sqlite-scan.js";
import { fromText, toText, type Value } from "./values.js";

/** What the row changes need. */
export interface Tables {
  readonly db: Connection;
  readonly catalog: Catalog;
  readonly answers: Answers;
}

/**
 * Adds a document that `copyOf` has made, or throws a duplicate key error before anything is written.
 */
export function insertRow(tables: Tables, info: CollectionInfo, doc: Document): void {
  const text = toText(doc);
  writeRow(tables, info, { rid: tables.catalog.nextRow(info), text, doc }, null);
}

/** Replaces a document by its changed form; says whether it differs. */
export function replaceRow(
  tables: Tables,
  info: CollectionInfo,
  before: Stored,
  changed: Document,
): Stored {
  const text = toText(changed);
  if (text === before.text) return before;
  const after = { rid: before.rid, text, doc: fromText(text) };
  writeRow(tables, info, after, before);
  return after;
}

/** Removes a document with its index keys. */
export function deleteRow({ db, answers }: Tables, info: CollectionInfo, row: Stored): void {
  answers.forget(info.name);
  for (const index of info.indexes) {
    for (const key of keysOf(index, row).keys) removeKey(db, index, key);
  }
  db.run(`DELETE FROM ${info.table} WHERE rid = ?`, [row.rid]);
}

interface IndexChange {
  readonly index: IndexInfo;
  readonly added: readonly Buffer[];
  readonly removed: readonly Buffer[];
  readonly multikey: number;
}

function writeRow(tables: Tables, info: CollectionInfo, row: Stored, before: Stored | null): void {
  tables.answers.forget(info.name);
  const changes = info.indexes.map((index) => indexChange(index, row, before));
  for (const change of changes) refuseDuplicates(tables.db, info, change, row);
  for (const { index, added, removed, multikey } of changes) {
    for (const key of removed) removeKey(tables.db, index, key);
    for (const key of added) addKey(tables.db, index, key, row.rid);
    if ((multikey & ~index.multikey) !== 0) tables.catalog.addMultikey(info.name, index, multikey);
  }
  const sql = before
    ? `UPDATE ${info.table} SET doc = ?1 WHERE rid = ?2`
    : `INSERT INTO ${info.table} (doc, rid) VALUES (?1, ?2)`;
  tables.db.run(sql, [row.text, row.rid]);
}

function indexChange(index: IndexInfo, row: Stored, before: Stored | null): IndexChange {
  const now = keysOf(index, row);
  if (!before) return { index, added: now.keys, removed: [], multikey: now.multikey };
  const old = keysOf(index, before);
  return {
    index,
    added: without(now.keys, old.keys),
    removed: without(old.keys, now.keys),
    multikey: now.multikey,
  };
}

function without(keys: readonly Buffer[], others: readonly Buffer[]): readonly Buffer[] {
  if (others.length === 0) return keys;
  if (keys.length === 1 && others.length === 1) {
    return (keys[0] as Buffer).equals(others[0] as Buffer) ? [] : keys;
  }
  const known = new Set(others.map((key) => key.toString("latin1")));
  return keys.filter((key) => !known.has(key.toString("latin1")));
}

const NO_KEYS = { keys: [], multikey: 0 } as const;

/** The keys of a row in an index: unique ones as they are, others followed by the row's number. */
export function keysOf(
  index: IndexInfo,
  row: Stored,
): { readonly keys: readonly Buffer[]; readonly multikey: number } {
  if (!index.covers(row.doc)) return NO_KEYS;
  const entries = indexEntries(index.fields, row.doc);
  if (index.unique) return entries;
  const suffix = Buffer.allocUnsafe(6);
  suffix.writeUIntBE(row.rid, 0, 6);
  return {
    keys: entries.keys.map((key) => Buffer.concat([key, suffix])),
    multikey: entries.multikey,
  };
}

function refuseDuplicates(
  db: Connection,
  info: CollectionInfo,
  { index, added }: IndexChange,
  row: Stored,
): void {
  if (!index.unique) return;
  for (const key of added) {
    const holder = db.first(`SELECT rid FROM ${index.table} WHERE k = ?`, [key])?.[0];
    if (holder === undefined || holder === row.rid) continue;
    const values = index.fields.map((field) => [field.path, valueAt(row.doc, field.parts)]);
    throw duplicateKey(info.name, index.name, { ...index.spec.keys }, Object.fromEntries(values));
  }
}

function valueAt(doc: Document, parts: readonly string[]): Value {
  let value: Value = doc;
  for (const part of parts) value = (value as Document | null | undefined)?.[part];
  return value ?? null;
}

/** Adds one key of one row. */
export function addKey(db: Connection, index: IndexInfo, key: Buffer, rid: number): void {
  db.run(`INSERT INTO ${index.table} (k, rid) VALUES (?, ?)`, [key, rid]);
}

function removeKey(db: Connection, index: IndexInfo, key: Buffer): void {
  db.run(`DELETE FROM ${index.table} WHERE k = ?`, [key]);
}
