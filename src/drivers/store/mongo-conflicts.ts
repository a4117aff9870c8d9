import { setTimeout as pause } from "node:timers/promises";
import type { InsertManyResult } from "mongodb";
import type { Row } from "./collection.js";
import { bulkInsertFailed, type InsertFailure } from "./errors.js";

/** The server gave a statement up in favour of another one and wrote nothing (MongoDB's `WriteConflict`). */
const writeConflict = 112;

/** Tries of one statement; whoever loses that often is answered that the store is unavailable. */
const mostTries = 6;

/** The first pause; each one after it is twice as long, and half of each is chance. */
const firstPauseMs = 10;

/** What writes one record, or does not write: a repeat after a conflict is the only one that counts. */
const repeatable: ReadonlySet<string | symbol> = new Set([
  ...["insertOne", "updateOne", "findOneAndUpdate", "deleteOne", "deleteMany"],
]);

/** Whether a method of a collection may be called again after a conflict. */
export function isRepeatable(method: string | symbol): boolean {
  return repeatable.has(method);
}

/**
 * Does a statement again that lost against others at the same record or the same unique value. MongoDB
 * does so itself outside transactions; servers built on PostgreSQL give one of two up and say so, which
 * would reach a person as an error although nobody did anything wrong.
 */
export async function pastConflicts<R>(statement: () => Promise<R>): Promise<R> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await statement();
    } catch (error) {
      if ((error as { code?: unknown }).code !== writeConflict || tries === mostTries) throw error;
      await rest(tries);
    }
  }
}

function rest(tries: number): Promise<void> {
  return pause(firstPauseMs * 2 ** tries * (0.5 + Math.random() / 2));
}

type Insert = (docs: readonly Row[]) => Promise<unknown>;

/**
 * Inserts rows, each for itself, and those again that gave way, they alone: the server says of each row what
 * became of it, so that one which is there already at a later try was written by somebody else. (All of
 * them sent again would find their own rows there, and take them for another's.) Where rows come in an
 * order of theirs, what gives way is left to the caller.
 * @throws as the driver does, about the rows as they were given
 */
export async function insertPastConflicts(docs: readonly Row[], insert: Insert): Promise<unknown> {
  const refused: InsertFailure[] = [];
  let left = docs.map((_doc, at) => at);
  for (let tries = 1; ; tries += 1) {
    const failures = await failuresAmong(left, docs, insert);
    const lost = failures.filter(({ code }) => code === writeConflict);
    refused.push(...failures.filter(({ code }) => code !== writeConflict));
    if (lost.length === 0 || tries === mostTries) return outcomeOf(docs, [...lost, ...refused]);
    left = lost.map(({ index }) => index);
    await rest(tries);
  }
}

/** Which of these rows were refused, by their place among all. Throws what is not about single rows. */
async function failuresAmong(
  left: readonly number[],
  docs: readonly Row[],
  insert: Insert,
): Promise<InsertFailure[]> {
  try {
    await insert(left.flatMap((at) => docs[at] ?? []));
    return [];
  } catch (error) {
    const { writeErrors } = error as { writeErrors?: InsertFailure | readonly InsertFailure[] };
    const failures = [writeErrors ?? []].flat();
    if (failures.length === 0) throw error;
    return failures.map(({ index, code, errmsg, err }) => {
      return { index: left[index] ?? index, code, errmsg, err };
    });
  }
}

function outcomeOf(docs: readonly Row[], refused: readonly InsertFailure[]): InsertManyResult<Row> {
  const out = new Set(refused.map(({ index }) => index));
  const inserted = docs.flatMap(({ _id }, at) => (out.has(at) ? [] : [[at, _id] as const]));
  const insertedIds = Object.fromEntries(inserted);
  if (refused.length > 0) throw bulkInsertFailed(refused, insertedIds);
  return { acknowledged: true, insertedCount: docs.length, insertedIds };
}
