import type { Document } from "./collection.js";

/** A refused second value of a unique index, as MongoDB's driver reports it. */
export interface DuplicateKeyError extends Error {
  readonly code: 11000;
  readonly keyPattern: Document;
  readonly keyValue: Document;
}

/** The error for a value that a unique index already holds; same shape as MongoDB's. */
export function duplicateKey(
  collection: string,
  index: string,
  keyPattern: Document,
  keyValue: Document,
): DuplicateKeyError {
  const message = `E11000 duplicate key error collection: ${collection} index: ${index}`;
  return Object.assign(new Error(message), {
    name: "MongoServerError",
    code: 11000 as const,
    keyPattern,
    keyValue,
  });
}

/** An update that the document's present values do not allow, with MongoDB's code. */
export function updateFailed(code: number, message: string): Error {
  return Object.assign(new Error(message), { name: "MongoServerError", code });
}

/** One row of `insertMany` that was not inserted. */
export interface InsertFailure {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly err: Error;
}

/** What `insertMany` throws when rows were refused: which, why, and what was inserted. */
export function bulkInsertFailed(
  failures: readonly InsertFailure[],
  insertedIds: Readonly<Record<number, string>>,
): Error {
  const first = failures[0];
  const insertedCount = Object.keys(insertedIds).length;
  return Object.assign(new Error(first?.errmsg ?? "bulk write failed"), {
    name: "MongoBulkWriteError",
    code: first?.code,
    writeErrors: failures,
    insertedCount,
    insertedIds,
    result: { insertedCount, insertedIds, ok: 1 },
  });
}

/** Whether an insert failed only because rows of the same key are there already. */
export function isOnlyDuplicates(error: unknown): boolean {
  const { code, writeErrors } = error as { code?: unknown; writeErrors?: unknown };
  if (code !== 11000) return false;
  const failures: unknown[] = Array.isArray(writeErrors) ? writeErrors : [];
  return failures.every((failure) => (failure as { code?: unknown }).code === 11000);
}
