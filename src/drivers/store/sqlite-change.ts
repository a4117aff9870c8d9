import { isShaped, type CollectionInfo, type ShapedInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import { bulkInsertFailed, type InsertFailure } from "./errors.js";
import { EVERYTHING, rows, type Reader } from "./sqlite-find.js";
import type { Sort } from "./sqlite-plan.js";
import { deleteRow, insertRow, replaceRow } from "./sqlite-rows.js";
import type { Stored } from "./sqlite-scan.js";
import { changeShaped, deleteShaped, insertShaped, shapedDuplicate } from "./sqlite-shaped.js";
import { applyUpdate, upserted } from "./sqlite-update.js";
import { copyOf } from "./values.js";

/** The collection of that name, made when it is first written to. Inside a transaction only. */
export function collectionFor({ catalog }: Reader, name: string): CollectionInfo {
  return catalog.get(name) ?? catalog.create(name);
}

/** Inserts one document into a collection. Inside a transaction only, as all that follows. */
export function insertDoc(reader: Reader, name: string, doc: Document): void {
  const info = collectionFor(reader, name);
  if (!isShaped(info)) return insertRow(reader, info, doc);
  if (insertShaped(reader, info, [doc]).length > 0) throw shapedDuplicate(info, doc);
}

/** Inserts many; throws a bulk error that says which were refused, once the others are in. */
export function insertDocs(
  reader: Reader,
  name: string,
  docs: readonly Document[],
  ordered: boolean,
): { readonly insertedIds: Record<number, string>; readonly error: Error | null } {
  const info = collectionFor(reader, name);
  if (isShaped(info) && !ordered) return insertAllShaped(reader, info, docs);
  const failures: InsertFailure[] = [];
  const insertedIds: Record<number, string> = {};
  for (const [index, doc] of docs.entries()) {
    try {
      insertDoc(reader, name, doc);
      insertedIds[index] = doc["_id"] as string;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      failures.push(failureAt(index, error));
      if (ordered) break;
    }
  }
  const error = failures.length > 0 ? bulkInsertFailed(failures, insertedIds) : null;
  return { insertedIds, error };
}

function insertAllShaped(reader: Reader, info: ShapedInfo, docs: readonly Document[]) {
  const refused = new Set(insertShaped(reader, info, docs));
  const insertedIds: Record<number, string> = {};
  const failures: InsertFailure[] = [];
  for (const [index, doc] of docs.entries()) {
    if (refused.has(index)) failures.push(failureAt(index, shapedDuplicate(info, doc)));
    else insertedIds[index] = doc["_id"] as string;
  }
  return {
    insertedIds,
    error: failures.length > 0 ? bulkInsertFailed(failures, insertedIds) : null,
  };
}

function failureAt(index: number, err: Error): InsertFailure {
  return { index, code: 11000, errmsg: err.message, err };
}

function isDuplicate(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === 11000;
}

/** What a change found and did. */
export interface Changed {
  readonly matched: number;
  readonly modified: number;
  readonly before: Document | null;
  readonly after: Document | null;
  readonly upsertedId: string | null;
}

/** One checked change of the first match in `sort` order, or of all matches. */
export interface Change {
  readonly filter: Document;
  readonly update: Document;
  readonly sort: Sort;
  readonly many: boolean;
  readonly upsert: boolean;
}

const NOTHING: Changed = { matched: 0, modified: 0, before: null, after: null, upsertedId: null };

/** Applies an update, or inserts what the upsert describes when nothing matches. */
export function changeDocs(reader: Reader, name: string, change: Change): Changed {
  const info = collectionFor(reader, name);
  if (isShaped(info)) return changeShaped(reader, info, change);
  const targets = matches(reader, info, change.filter, change.sort, change.many);
  const first = targets[0];
  if (!first) return change.upsert ? insertUpsert(reader, info, change) : NOTHING;
  let modified = 0;
  let after: Document = first.doc;
  for (const target of targets) {
    const current = copyOf(target.doc) as Document;
    applyUpdate(current, change.update, false);
    const written = replaceRow(reader, currentInfo(reader, info), target, current);
    if (written !== target) modified += 1;
    if (target === first) after = written.doc;
  }
  return { matched: targets.length, modified, before: first.doc, after, upsertedId: null };
}

function currentInfo({ catalog }: Reader, info: CollectionInfo): CollectionInfo {
  return catalog.get(info.name) ?? info;
}

function insertUpsert(reader: Reader, info: CollectionInfo, change: Change): Changed {
  const doc = copyOf(upserted(change.filter, change.update)) as Document;
  insertRow(reader, info, doc);
  return { ...NOTHING, after: doc, upsertedId: doc["_id"] as string };
}

function matches(
  reader: Reader,
  info: CollectionInfo,
  filter: Document,
  sort: Sort,
  many: boolean,
): Stored[] {
  return [...rows(reader, info, { ...EVERYTHING, filter, sort, limit: many ? 0 : 1 })];
}

/** Deletes the first match, or all; returns how many. */
export function deleteDocs(reader: Reader, name: string, filter: Document, many: boolean): number {
  const info = reader.catalog.get(name);
  if (!info) return 0;
  if (isShaped(info)) return deleteShaped(reader, info, { filter, many });
  const targets = matches(reader, info, filter, {}, many);
  for (const target of targets) deleteRow(reader, info, target);
  return targets.length;
}
