import type { Catalog } from "./sqlite-catalog.js";
import type { CollectionInfo, IndexInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { indexEntries } from "./index-keys.js";
import type { Answers } from "./sqlite-answers.js";
import type { Connection } from "./sqlite-connection.js";
import type { Stored } from "./sqlite-scan.js";
import { toText, type Value } from "./values.js";

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
  const { db, catalog, answers } = tables;
  const row = { rid: catalog.nextRow(info), text: toText(doc), doc };
  answers.forget(info.name);
  const changes = info.indexes.map((index) => indexChange(index, row, null));
  takeId(db, info, changes, row);
  for (const change of changes.slice(1)) writeKeys(tables, info, change, row.rid);
  db.run(`INSERT INTO ${info.table} (doc, rid) VALUES (?, ?)`, [row.text, row.rid]);
}

/**
 * Adds the key of a new document's `_id`, whose index is the first and tells by itself whether it is
 * taken. What else has to be unique is looked up before: a refused document has written nothing.
 */
function takeId(
  db: Connection,
  info: CollectionInfo,
  [id, ...others]: readonly IndexChange[],
  { rid, doc }: Stored,
): void {
  if (id === undefined) return;
  const taken = others.find((change) => isTaken(db, change, rid));
  if (taken !== undefined) throw duplicateOf(info, isTaken(db, id, rid) ? id : taken, doc);
  const sql = `INSERT INTO ${id.index.table} (k, rid) VALUES (?, ?) ON CONFLICT DO NOTHING`;
  for (const key of id.added) {
    if (db.run(sql, [key, rid]) === 0) throw duplicateOf(info, id, doc);
  }
}

/**
 * Replaces a document by its changed form, a copy of it that was changed; returns the same row when
 * nothing differs.
 */
export function replaceRow(
  tables: Tables,
  info: CollectionInfo,
  before: Stored,
  changed: Document,
): Stored {
  const text = toText(changed);
  if (text === before.text) return before;
  const { db, answers } = tables;
  const after = { rid: before.rid, text, doc: changed };
  answers.forget(info.name);
  const changes = info.indexes.map((index) => indexChange(index, after, before));
  const taken = changes.find((change) => isTaken(db, change, after.rid));
  if (taken !== undefined) throw duplicateOf(info, taken, changed);
  for (const change of changes) writeKeys(tables, info, change, after.rid);
  db.run(`UPDATE ${info.table} SET doc = ? WHERE rid = ?`, [text, after.rid]);
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

function writeKeys(
  { db, catalog }: Tables,
  info: CollectionInfo,
  { index, added, removed, multikey }: IndexChange,
  rid: number,
): void {
  for (const key of removed) removeKey(db, index, key);
  for (const key of added) addKey(db, index, key, rid);
  if ((multikey & ~index.multikey) !== 0) catalog.addMultikey(info.name, index, multikey);
}

function indexChange(index: IndexInfo, row: Stored, before: Stored | null): IndexChange {
  if (before && isUntouched(index, row.doc, before.doc)) return { index, ...UNCHANGED };
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

const UNCHANGED = { added: [], removed: [], multikey: 0 } as const;

/** Whether both plainly have the same keys: the same single values in all fields. */
function isUntouched({ partial, fields }: IndexInfo, now: Document, before: Document): boolean {
  if (partial !== null) return false;
  return fields.every(({ path, parts }) => parts.length === 1 && isSame(now[path], before[path]));
}

function isSame(a: Value, b: Value): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b && (typeof a !== "object" || a === null);
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

/** Whether another row has one of the keys that the change adds to a unique index. */
function isTaken(db: Connection, { index, added }: IndexChange, rid: number): boolean {
  if (!index.unique) return false;
  return added.some((key) => {
    const holder = db.first(`SELECT rid FROM ${index.table} WHERE k = ?`, [key])?.[0];
    return holder !== undefined && holder !== rid;
  });
}

function duplicateOf(info: CollectionInfo, { index }: IndexChange, doc: Document): Error {
  const values = index.fields.map((field) => [field.path, valueAt(doc, field.parts)]);
  return duplicateKey(info.name, index.name, { ...index.spec.keys }, Object.fromEntries(values));
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
