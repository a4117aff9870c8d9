/** A newer release has changed what the store's file is like: this one can neither read nor write it. */
export class StoreTooNew extends Error {
  override readonly name = "StoreTooNew";
}

/** What the MongoDB driver calls an answer that did not come. */
const mongoNames: ReadonlySet<string> = new Set([
  "MongoServerSelectionError",
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoPoolClearedError",
  // Without the prefix of all the others (mongodb 7.9, `PoolClearedOnNetworkError`).
  "PoolClearedOnNetworkError",
  "MongoPoolClosedError",
  "MongoWaitQueueTimeoutError",
  "MongoNotConnectedError",
  "MongoTopologyClosedError",
  "MongoServerClosedError",
  "MongoClientClosedError",
  // The driver's own sessions end with their client, also those of calls that still wait.
  "MongoExpiredSessionError",
  "MongoOperationTimeoutError",
  "MongoWriteConcernError",
]);

/**
 * Codes by which a server says that it cannot serve now: it stops, is no longer or not yet the primary,
 * lost its majority or a cursor, dropped the index that it was reading, is out of time, of room for more
 * requests or of disk, or gave way to other writes too often (MongoDB, `src/mongo/base/error_codes.yml`).
 */
const mongoCodes: ReadonlySet<unknown> = new Set([
  ...[6, 7, 24, 43, 50, 64, 89, 91, 100, 112, 133, 134, 175, 189, 202, 237, 262, 317, 384, 462],
  ...[9001, 10058, 10107, 11600, 11602, 13435, 13436, 14031],
]);

/** Another process holds the file, the disk is full, read-only or broken (sqlite.org/rescode.html). */
const sqliteCodes = /^SQLITE_(?:BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY)/;

/**
 * Whether an error says that the store cannot answer or keep anything now, whichever driver it comes
 * from: nothing is wrong with what was asked, and the same may succeed in a while. What was to be
 * written may or may not have been.
 */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A process of that release can answer; this one will be replaced.
  if (error instanceof StoreTooNew) return true;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (mongoNames.has(error.name)) return true;
  if (error.name.startsWith("Mongo")) return mongoCodes.has(code);
  if (typeof code === "string") return sqliteCodes.test(code) || syscall === "fdatasync";
  return false;
}
