import { close, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import Database from "libsql";
import { StoreInUse } from "./collection.js";

/** What SQLite takes and gives. */
export type SqlValue = string | number | Buffer | null;

/** One SQLite connection with its prepared statements kept. */
export interface Connection {
  readonly inMemory: boolean;
  /** Runs statements that return nothing and take nothing. */
  exec(sql: string): void;
  /** Runs a statement that changes something; returns how many rows it changed. */
  run(sql: string, values: readonly SqlValue[]): number;
  /** Runs a statement that changes something; returns the rows that it tells of, as arrays of columns. */
  changed(sql: string, values: readonly SqlValue[]): readonly (readonly SqlValue[])[];
  /** The first row, as an array of columns. */
  first(sql: string, values: readonly SqlValue[]): readonly SqlValue[] | undefined;
  /** All rows, as arrays of columns. */
  all(sql: string, values: readonly SqlValue[]): readonly (readonly SqlValue[])[];
  inTransaction(): boolean;
  /** Another number after every statement that changed something. */
  writes(): number;
  /** Resolves once everything committed before is on the disk; null where there is no disk. */
  readonly sync: (() => Promise<void>) | null;
  close(): void;
}

const MAX_STATEMENTS = 2000;

/** How long SQLite itself may wait, blocking this process, for another one's transaction. */
const BUSY_TIMEOUT_MS = 100;

/**
 * Pages in the log before they are copied into the file, which makes the process wait for the disk:
 * pages that change often are copied once instead of four times, and the log stays at 16 MB.
 */
const CHECKPOINT_PAGES = 4000;

/**
 * How a connection holds the file. `snapshot`: all that is read is of the moment it was opened, while
 * other processes go on writing; it refuses writes, and the log grows until it is closed. `alone`: no
 * other connection is open, and none can be, until it is closed.
 */
export type Hold = "snapshot" | "alone";

/**
 * Opens the file (or ":memory:") for writes that other processes may read meanwhile. A commit is in
 * the file when it returns, and on the disk after `sync`: SQLite itself would make the whole process
 * wait for the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
 * Throws `StoreInUse` when another process does not let it be held as wanted.
 */
export function connect(path: string, hold?: Hold): Connection {
  const db = opened(path);
  try {
    prepare(db);
    if (hold !== undefined) holdFile(db, hold);
  } catch (error) {
    db.close();
    if (sqliteCode(error) === "SQLITE_NOTADB") {
      throw new Error(`${path} is no store of Parvis, or its beginning was changed`);
    }
    if (!isBusy(error)) throw error;
    throw new StoreInUse(`${path} is in use: stop every process of Parvis that works with it`);
  }
  // A statement never serves both: in libsql, a `get` that follows an empty `all` finds nothing.
  const readers = statements((sql) => db.prepare(sql).raw());
  const firsts = statements((sql) => db.prepare(sql).raw());
  const writers = statements((sql) => db.prepare(sql));
  const log = path === ":memory:" ? null : syncOf(`${path}-wal`);
  let writes = 0;
  return {
    inMemory: path === ":memory:",
    exec: (sql) => {
      writes += 1;
      db.exec(sql);
    },
    run: (sql, values) => {
      const { changes } = writers(sql).run([...values]);
      if (changes > 0) writes += 1;
      return changes;
    },
    changed: (sql, values) => {
      const told = readers(sql).all([...values]) as readonly (readonly SqlValue[])[];
      if (told.length > 0) writes += 1;
      return told;
    },
    first: (sql, values) => firsts(sql).get([...values]) as readonly SqlValue[] | undefined,
    all: (sql, values) => readers(sql).all([...values]) as readonly (readonly SqlValue[])[],
    inTransaction: () => db.inTransaction,
    writes: () => writes,
    sync: log === null ? null : log.sync,
    close: () => {
      log?.close();
      if (hold === "alone") release(db);
      db.close();
    },
  };
}

function opened(path: string): Database.Database {
  try {
    return new Database(path);
  } catch (cause) {
    const why = "it is a folder, lies in none that is there, or may not be written";
    throw new Error(`${path} cannot be opened: ${why}`, { cause });
  }
}

function prepare(db: Database.Database): void {
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS * 50}`);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec("PRAGMA cache_size = -32000");
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

function holdFile(db: Database.Database, hold: Hold): void {
  if (hold === "snapshot") {
    db.exec("PRAGMA query_only = ON");
    db.exec("BEGIN");
    // The moment that is seen is that of the first read.
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return;
  }
  // Every connection keeps a shared lock for as long as it is open, so that this one is had alone.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec("BEGIN IMMEDIATE");
  db.exec("COMMIT");
}

/**
 * Statements that were prepared keep a closed connection until they are collected as garbage, with its
 * lock and its log. So the log is copied into the file and removed, and the lock given back, before.
 */
function release(db: Database.Database): void {
  db.exec("PRAGMA journal_mode = DELETE");
  db.exec("PRAGMA locking_mode = NORMAL");
  db.exec("SELECT count(*) FROM sqlite_schema");
}

const toDisk = promisify(fdatasync);

/** Syncs the write-ahead log; SQLite keeps the same file for as long as a connection is open. */
function syncOf(path: string): { sync(): Promise<void>; close(): void } {
  let descriptor: number | null = null;
  return {
    sync: () => toDisk((descriptor ??= openSync(path, "r"))),
    close: () => {
      if (descriptor !== null) close(descriptor);
      descriptor = null;
    },
  };
}

function statements<S>(prepare: (sql: string) => S): (sql: string) => S {
  const prepared = new Map<string, S>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known) return known;
    if (prepared.size >= MAX_STATEMENTS) prepared.clear();
    const made = prepare(sql);
    prepared.set(sql, made);
    return made;
  };
}

/** Whether the error says that another process holds the file. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== null && (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"));
}

/** SQLite's code of an error, or null when it is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" && error.code.startsWith("SQLITE_") ? error.code : null;
}
