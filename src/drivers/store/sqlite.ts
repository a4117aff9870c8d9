import type { Collection, Row, WholeStore } from "./collection.js";
import { checkIndexes } from "./index-specs.js";
import { checkShape } from "./shape.js";
import { connect, type Hold } from "./sqlite-connection.js";
import { openAnswers } from "./sqlite-answers.js";
import { openCatalog } from "./sqlite-catalog.js";
import { checkTables } from "./sqlite-check.js";
import { sqliteCollection } from "./sqlite-collection.js";
import type { Reader, ScanInfo } from "./sqlite-find.js";
import { applyIndexes, asked } from "./sqlite-indexes.js";
import { ttlSweep } from "./sqlite-ttl.js";
import { openWriteQueue } from "./write-queue.js";

export type { ScanInfo } from "./sqlite-find.js";

/** How an embedded store behaves; everything has a default. */
export interface SqliteOptions {
  /**
   * Called when a query has no index that serves its filter, or had to sort more than 200
   * documents in memory.
   */
  readonly onScan?: (info: ScanInfo) => void;
  /** What time it is for TTL indexes. */
  readonly now?: () => Date;
  /** How often TTL indexes are swept: every 30 seconds unless told otherwise; 0 for never. */
  readonly ttlIntervalMs?: number;
  /** Read one moment of the file, or have it alone; see `Hold`. */
  readonly hold?: Hold;
}

/** The embedded store, with what only it can do. */
export interface SqliteStore extends WholeStore {
  /** Compares the newest documents of every collection with its indexes, or all when `full`. */
  check(options?: { readonly full?: boolean }): Promise<void>;
  /** Removes now what TTL indexes say has expired; returns how many documents. */
  sweep(): Promise<number>;
}

const sizeQuery = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";

const TTL_INTERVAL_MS = 30_000;

/**
 * Opens the embedded store: a SQLite file, or ":memory:". Documents are JSON rows; every declared
 * index is a table of byte keys that sort as MongoDB sorts. A write's promise resolves once it is
 * on disk. Several processes may open one file.
 *
 * It differs from MongoDB, on purpose, in this: `updateMany` and `deleteMany` happen wholly or not
 * at all; bytes come back as `Uint8Array` (a `Buffer` there); natural order is insertion order, and
 * equal keys of a sort keep it; an upsert must say its `_id`; a document nests 100 levels at most; a
 * TTL index is swept every 30 seconds. Errors have MongoDB's codes and names, not its texts.
 */
export function openSqliteStore(path: string, options: SqliteOptions = {}): SqliteStore {
  const db = connect(path, options.hold);
  const catalog = openCatalog(db);
  const answers = openAnswers();
  const reader: Reader = { db, catalog, answers, onScan: options.onScan ?? null };
  const queue = openWriteQueue(db, catalog);
  const sweep = ttlSweep(reader, queue, options.now ?? (() => new Date()));
  const timer = startTimer(sweep, options.ttlIntervalMs ?? TTL_INTERVAL_MS);
  let closing: Promise<void> | null = null;

  async function shut(): Promise<void> {
    if (timer) clearInterval(timer);
    await queue.close();
    db.close();
  }

  return {
    collection: <T extends Row>(name: string): Collection<T> =>
      sqliteCollection<T>(reader, queue, name),
    ensureIndexes: async (name, indexes, how = {}) => {
      checkIndexes(indexes);
      if (how.shape !== undefined) checkShape(how.shape, indexes);
      const declared = await asked(reader, name, { ...how, indexes });
      return queue.write(() => applyIndexes(reader, name, declared));
    },
    collectionNames: async () => {
      catalog.refresh();
      return catalog.all().map((info) => info.name);
    },
    indexesOf: async (name) => {
      catalog.refresh();
      const indexes = catalog.get(name)?.indexes ?? [];
      return indexes.filter((index) => index.name !== "_id_").map(({ spec }) => spec);
    },
    check: async ({ full = false } = {}) => {
      catalog.refresh();
      checkTables(reader, full);
    },
    bytes: async () => Number(db.all(sizeQuery, [])[0]?.[0] ?? 0),
    changes: { elsewhere: () => catalog.refresh(), here: (name) => answers.changesOf(name) },
    sweep,
    close: () => (closing ??= shut()),
  };
}

function startTimer(sweep: () => Promise<number>, interval: number): NodeJS.Timeout | null {
  if (interval <= 0) return null;
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    sweep().then(
      () => (running = false),
      () => (running = false),
    );
  }, interval);
  timer.unref();
  return timer;
}
