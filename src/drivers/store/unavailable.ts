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
  "MongoPoolClearedOnNetworkError",
  "MongoPoolClosedError",
  "MongoWaitQueueTimeoutError",
  "MongoNotConnectedError",
  "MongoTopologyClosedError",
  "MongoServerClosedError",
  "MongoClientClosedError",
  "MongoWriteConcernError",
]);

/**
 * Codes by which a server says that it cannot serve now: it stops, is no longer or not yet the primary,
 * lost its majority, is out of time or of disk, or gave way to other writes too often (MongoDB, `src/mongo/base/error_codes.yml`).
 */
const mongoCodes: ReadonlySet<unknown> = new Set([
  ...[6, 7, 50, 64, 89, 91, 100, 112, 133, 189, 202, 262, 317, 384, 9001, 10107],
  ...[11600, 11602, 13435, 13436, 14031],
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
