import type { Collection, IndexSpec, Row } from "../drivers/store/collection.js";
import { Refusal, refuseField, type RefusalCode } from "./refusal.js";

/** A collection of one feature: its name and indexes. `instanceId` leads every index by itself. */
export interface CollectionDef<T extends Row> {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  /** Carries the record's type; never present. */
  readonly record?: T;
}

/** Declare a collection; list it in the feature's manifest so that its indexes are made. */
export function defineCollection<T extends Row>(
  name: string,
  indexes: readonly IndexSpec[],
): CollectionDef<T> {
  return { name, indexes };
}

/** True when a store refused a write because a unique index has that value already. */
export function isDuplicate(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === 11000;
}

/** Run a write; a duplicate key becomes the refusal `code` (beside `field`, when one is named). */
export async function refuseIfDuplicate<R>(
  code: RefusalCode,
  write: () => Promise<R>,
  field?: string,
): Promise<R> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw field === undefined ? new Refusal(code) : refuseField(code, field);
  }
}

/** Run an insert that may have happened before; returns false when it had. */
export async function insertOnce(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return false;
  }
}

/**
 * Insert what no earlier or parallel run has inserted; anything else that goes wrong is thrown.
 * @returns how many rows were new
 */
export async function insertMissing<T extends Row>(
  rows: Collection<T>,
  docs: readonly T[],
): Promise<number> {
  if (docs.length === 0) return 0;
  try {
    const given = docs as Parameters<typeof rows.insertMany>[0];
    return (await rows.insertMany(given, { ordered: false })).insertedCount;
  } catch (error) {
    const inserted = insertedBeside(error);
    if (inserted === null) throw error;
    return inserted;
  }
}

/** How many rows went in beside duplicates; null when there was any other failure. */
function insertedBeside(error: unknown): number | null {
  if (!isDuplicate(error)) return null;
  const { writeErrors, insertedCount } = error as {
    writeErrors?: unknown;
    insertedCount?: unknown;
  };
  const failures: readonly unknown[] = Array.isArray(writeErrors) ? writeErrors : [];
  if (!failures.every(isDuplicate)) return null;
  return typeof insertedCount === "number" ? insertedCount : 0;
}

export type { Collection, IndexSpec, Row };
