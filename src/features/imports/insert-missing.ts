import { isDuplicate, type Collection, type Row } from "../../kit/index.js";

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
