import { isBusy, sqliteCode, type Connection } from "./sqlite-connection.js";
import type { Catalog } from "./sqlite-catalog.js";

/** Runs changes in transactions, and answers only once they are on disk. */
export interface WriteQueue {
  /** Queues one change; all that are queued in the same turn are committed together. */
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
 * Group commit: one `BEGIN IMMEDIATE … COMMIT` (one sync of the disk) for all the changes of a turn,
 * each in a savepoint of its own, so that a refused one undoes itself alone. When another process
 * holds the file, the group waits without blocking, for 15 seconds at most.
 */
export function openWriteQueue(db: Connection, catalog: Catalog): WriteQueue {
  const waiting: Waiting[] = [];
  let scheduled = false;
  let closed = false;
  let busySince: number | null = null;
  let idle: (() => void)[] = [];

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    const group = waiting.splice(0, LARGEST_GROUP);
    try {
      const answers = runGroup(db, catalog, group);
      busySince = null;
      answers.forEach((answer) => answer());
    } catch (error) {
      if (retryLater(error)) return void waiting.unshift(...group);
      busySince = null;
      group.forEach(({ reject }) => reject(error));
    }
    scheduled = false;
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
        if (!scheduled) settle();
      });
    },
  };
}

type Answer = () => void;

function runGroup(db: Connection, catalog: Catalog, group: readonly Waiting[]): Answer[] {
  db.run("BEGIN IMMEDIATE", []);
  catalog.refresh();
  const before = catalog.snapshot();
  try {
    const answers = group.map((waiting) => runAlone(db, catalog, waiting));
    db.run("COMMIT", []);
    return answers;
  } catch (error) {
    if (db.inTransaction()) db.run("ROLLBACK", []);
    catalog.restore(before);
    throw error;
  }
}

function runAlone(db: Connection, catalog: Catalog, waiting: Waiting): Answer {
  const before = catalog.snapshot();
  db.run("SAVEPOINT change", []);
  try {
    const result = waiting.change();
    db.run("RELEASE change", []);
    return () => waiting.resolve(result);
  } catch (error) {
    if (sqliteCode(error) !== null) throw error;
    db.run("ROLLBACK TO change", []);
    db.run("RELEASE change", []);
    catalog.restore(before);
    return () => waiting.reject(error);
  }
}
