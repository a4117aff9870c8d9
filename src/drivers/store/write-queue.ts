import { isBusy, sqliteCode, type Connection } from "./sqlite-connection.js";
import type { Catalog } from "./sqlite-catalog.js";

/** Runs changes in transactions, and answers only once they are on disk. */
export interface WriteQueue {
  /** Queues one change; all that are queued in the same turn are committed together. It may run twice. */
  write<T>(change: () => T): Promise<T>;
  /** Refuses what comes later; resolves when nothing waits any more. */
  close(): Promise<void>;
}

interface Waiting {
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const BUSY_RETRY_MS = 20;
const BUSY_LIMIT_MS = 15_000;
const LARGEST_GROUP = 1000;

/**
 * Group commit: one `BEGIN IMMEDIATE … COMMIT` and one sync of the disk, which the process does not
 * wait for, for all the changes that came since the last; a refused one undoes itself alone. A change
 * may be run twice, the first time undone. When another process holds the file, the group waits
 * without blocking, for 15 seconds at most.
 */
export function openWriteQueue(db: Connection, catalog: Catalog): WriteQueue {
  const waiting: Waiting[] = [];
  let syncing = false;
  let scheduled = false;
  let closed = false;
  let busySince: number | null = null;
  let idle: (() => void)[] = [];

  /** While the disk is busy, what comes waits: it would wait for the next sync anyway. */
  function schedule(): void {
    if (scheduled || syncing) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    const group = waiting.splice(0, LARGEST_GROUP);
    try {
      const answers = runGroup(db, catalog, group);
      busySince = null;
      void answerOnceOnDisk(answers);
    } catch (error) {
      if (retryLater(error)) return void waiting.unshift(...group);
      busySince = null;
      group.forEach(({ reject }) => reject(error));
    }
    scheduled = false;
    goOn();
  }

  async function answerOnceOnDisk(answers: readonly Answer[]): Promise<void> {
    syncing = true;
    const failure = db.sync === null ? null : await failureOf(db.sync);
    answers.forEach((answer) => answer(failure));
    syncing = false;
    goOn();
  }

  function goOn(): void {
    if (waiting.length > 0) schedule();
    else settle();
  }

  function retryLater(error: unknown): boolean {
    if (!isBusy(error)) return false;
    busySince ??= performance.now();
    if (performance.now() - busySince > BUSY_LIMIT_MS) return false;
    setTimeout(flush, BUSY_RETRY_MS);
    return true;
  }

  function settle(): void {
    if (scheduled || syncing) return;
    idle.forEach((resolve) => resolve());
    idle = [];
  }

  return {
    write: <T>(change: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) return reject(new Error("the store is closed"));
        waiting.push({ change, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    close: () => {
      closed = true;
      return new Promise((resolve) => {
        idle.push(resolve);
        settle();
      });
    },
  };
}

async function failureOf(sync: () => Promise<void>): Promise<Error | null> {
  try {
    await sync();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error("the disk could not be synced");
  }
}

/** Tells the caller how its change went, unless the disk failed: then that. */
type Answer = (diskFailure: Error | null) => void;

/** One change of a group, tried in the group's transaction. */
type Attempt = (db: Connection, catalog: Catalog, waiting: Waiting) => Answer;

/**
 * A change that is refused has mostly written nothing yet, so that none needs a savepoint. When one
 * has, the whole group begins again, now with a savepoint around each.
 */
function runGroup(db: Connection, catalog: Catalog, group: readonly Waiting[]): Answer[] {
  try {
    return inTransaction(db, catalog, group, runBare);
  } catch (error) {
    if (!(error instanceof HalfWritten)) throw error;
    return inTransaction(db, catalog, group, runInSavepoint);
  }
}

function inTransaction(
  db: Connection,
  catalog: Catalog,
  group: readonly Waiting[],
  attempt: Attempt,
): Answer[] {
  db.run("BEGIN IMMEDIATE", []);
  let before = catalog.snapshot();
  try {
    catalog.refreshNow();
    before = catalog.snapshot();
    const answers = group.map((waiting) => attempt(db, catalog, waiting));
    db.run("COMMIT", []);
    return answers;
  } catch (error) {
    if (db.inTransaction()) db.run("ROLLBACK", []);
    catalog.restore(before);
    throw error;
  }
}

function done(waiting: Waiting, result: unknown): Answer {
  return (failure) => (failure === null ? waiting.resolve(result) : waiting.reject(failure));
}

/** A change was refused after it had written something. */
class HalfWritten extends Error {
  override readonly name = "HalfWritten";
}

const runBare: Attempt = (db, _catalog, waiting) => {
  const before = db.writes();
  try {
    const result = waiting.change();
    return done(waiting, result);
  } catch (error) {
    if (sqliteCode(error) !== null) throw error;
    if (db.writes() !== before) throw new HalfWritten("a refused change has to be undone");
    return () => waiting.reject(error);
  }
};

const runInSavepoint: Attempt = (db, catalog, waiting) => {
  const before = catalog.snapshot();
  db.run("SAVEPOINT change", []);
  try {
    const result = waiting.change();
    db.run("RELEASE change", []);
    return done(waiting, result);
  } catch (error) {
    if (sqliteCode(error) !== null) throw error;
    db.run("ROLLBACK TO change", []);
    db.run("RELEASE change", []);
    catalog.restore(before);
    return () => waiting.reject(error);
  }
};
