import type { CollectionInfo, IndexInfo } from "./catalog.js";
import type { IndexSpec } from "./collection.js";
import { indexFields } from "./index-keys.js";
import { indexName } from "./index-specs.js";
import type { Shape } from "./shape.js";
import type { Connection } from "./sqlite-connection.js";
import { matcher } from "./sqlite-match.js";
import { indexOn, tableOf } from "./sqlite-shaped-tables.js";
import { StoreTooNew } from "./unavailable.js";
import { fromText, toText } from "./values.js";

/** What collections and indexes the file holds, as last read from it. */
export interface Catalog {
  /**
   * Reads the file's own list again when another process has changed it since the last event. Returns
   * a number that is another one after every write of another process.
   * @throws StoreTooNew when a newer release has raised the layout of the file
   */
  refresh(): number;
  /** The same whatever happened since; to be called once in a transaction, which keeps others out. */
  refreshNow(): void;
  /** The present list, to be given to `restore` when a transaction is undone. */
  snapshot(): ReadonlyMap<string, CollectionInfo>;
  restore(snapshot: ReadonlyMap<string, CollectionInfo>): void;
  get(name: string): CollectionInfo | null;
  all(): readonly CollectionInfo[];
  /** A number for a new row, higher than every row's of the collection. Inside a transaction only. */
  nextRow(collection: CollectionInfo): number;
  /** Adds a collection with its `_id_` index, of documents or of a shape. Inside a transaction only. */
  create(name: string, shape?: Shape | null): CollectionInfo;
  /** Removes a collection with all that it holds. Inside a transaction only. */
  drop(name: string): void;
  /** Adds an empty index. Inside a transaction only. */
  addIndex(collection: string, spec: IndexSpec): IndexInfo;
  /** Removes an index with its table. Inside a transaction only. */
  dropIndex(collection: string, index: IndexInfo): void;
  /** Remembers that fields of an index hold arrays. Inside a transaction only. */
  addMultikey(collection: string, index: IndexInfo, bits: number): void;
}

const LIST = `SELECT c.name, c.shape, i.name, i.spec, i.multikey FROM parvis_collections c
  JOIN parvis_indexes i ON i.collection = c.name ORDER BY c.rowid, i.rowid`;

/** Bumped when the layout of the file changes in a way older releases cannot read. */
const LAYOUT = 2;

const ID_INDEX: IndexSpec = { keys: { _id: 1 }, unique: true };

/** Prepares the file (several processes may do so at once) and reads what it holds. */
export function openCatalog(db: Connection): Catalog {
  prepareFile(db);
  let collections: ReadonlyMap<string, CollectionInfo> = new Map();
  const lastRows = new Map<string, number>();
  let version = -1;
  let looked = false;

  function reload(): void {
    const found = dataVersion(db);
    refuseNewer(db);
    collections = readCollections(db);
    lastRows.clear();
    // Last: what was refused is refused again by the next look.
    version = found;
  }

  /** Before this process hears of anything that another one's write may have led to, it looks again. */
  function look(): void {
    if (db.inMemory) return;
    if (dataVersion(db) !== version) reload();
    if (!looked) process.nextTick(() => (looked = false));
    looked = true;
  }

  function put(info: CollectionInfo): void {
    collections = new Map(collections).set(info.name, info);
  }

  function change(name: string, alter: (indexes: readonly IndexInfo[]) => IndexInfo[]): void {
    const info = collections.get(name);
    if (info) put({ ...info, indexes: alter(info.indexes) });
  }

  function addIndex(collection: string, spec: IndexSpec): IndexInfo {
    const index = indexInfo(collection, indexName(spec), spec, 0);
    const info = collections.get(collection);
    if (info?.shape) indexOn(info, index).forEach(db.exec);
    else
      db.exec(
        `CREATE TABLE ${index.table} (k BLOB PRIMARY KEY, rid INTEGER NOT NULL) WITHOUT ROWID`,
      );
    db.run("INSERT INTO parvis_indexes (collection, name, spec, multikey) VALUES (?, ?, ?, 0)", [
      collection,
      index.name,
      toText(spec),
    ]);
    change(collection, (indexes) => [...indexes, index]);
    return index;
  }

  reload();
  return {
    snapshot: () => collections,
    restore: (snapshot) => void (collections = snapshot),
    refresh: () => {
      if (!looked) look();
      return version;
    },
    refreshNow: look,
    get: (name) => collections.get(name) ?? null,
    all: () => [...collections.values()],
    nextRow: ({ name, table }) => {
      const last = lastRows.get(name) ?? db.first(`SELECT max(rid) FROM ${table}`, [])?.[0] ?? 0;
      const next = (last as number) + 1;
      lastRows.set(name, next);
      return next;
    },
    create: (name, shape = null) => {
      const info: CollectionInfo = { name, table: tableName(name, shape), indexes: [], shape };
      if (shape) db.exec(tableOf(info.table, shape));
      else db.exec(`CREATE TABLE ${info.table} (rid INTEGER PRIMARY KEY, doc TEXT NOT NULL)`);
      const text = shape && toText(shape);
      db.run("INSERT INTO parvis_collections (name, shape) VALUES (?, ?)", [name, text]);
      put(info);
      addIndex(name, ID_INDEX);
      return collections.get(name) as CollectionInfo;
    },
    drop: (name) => {
      const info = collections.get(name);
      if (info === undefined) return;
      const tables = info.shape ? [] : info.indexes.map(({ table }) => table);
      for (const table of [...tables, info.table]) db.exec(`DROP TABLE ${table}`);
      db.run("DELETE FROM parvis_indexes WHERE collection = ?", [name]);
      db.run("DELETE FROM parvis_collections WHERE name = ?", [name]);
      lastRows.delete(name);
      collections = new Map([...collections].filter(([other]) => other !== name));
    },
    addIndex,
    dropIndex: (collection, index) => {
      const kind = collections.get(collection)?.shape ? "INDEX" : "TABLE";
      db.exec(`DROP ${kind} ${index.table}`);
      db.run("DELETE FROM parvis_indexes WHERE collection = ? AND name = ?", [
        collection,
        index.name,
      ]);
      change(collection, (indexes) => indexes.filter((other) => other.name !== index.name));
    },
    addMultikey: (collection, index, bits) => {
      db.run(
        "UPDATE parvis_indexes SET multikey = multikey | ? WHERE collection = ? AND name = ?",
        [bits, collection, index.name],
      );
      change(collection, (indexes) =>
        indexes.map((o) => (o.name === index.name ? { ...o, multikey: o.multikey | bits } : o)),
      );
    },
  };
}

function dataVersion(db: Connection): number {
  return db.first("PRAGMA data_version", [])?.[0] as number;
}

/** Also asked while we run: a newer release may have raised the file meanwhile. */
function refuseNewer(db: Connection): number {
  const layout = db.first("PRAGMA user_version", [])?.[0] as number;
  if (layout <= LAYOUT) return layout;
  throw new StoreTooNew(
    `the store was written by a newer release (layout ${layout}, here ${LAYOUT})`,
  );
}

function prepareFile(db: Connection): void {
  if (refuseNewer(db) === LAYOUT) return;
  db.exec("BEGIN IMMEDIATE");
  const hadNoShapes = db.first("PRAGMA user_version", [])?.[0] === 1;
  db.exec(`
    CREATE TABLE IF NOT EXISTS parvis_collections (name TEXT UNIQUE NOT NULL, shape TEXT);
    CREATE TABLE IF NOT EXISTS parvis_indexes (collection TEXT NOT NULL, name TEXT NOT NULL,
      spec TEXT NOT NULL, multikey INTEGER NOT NULL, UNIQUE (collection, name));
    ${hadNoShapes ? "ALTER TABLE parvis_collections ADD COLUMN shape TEXT;" : ""}
    PRAGMA user_version = ${LAYOUT};
    COMMIT;`);
}

function readCollections(db: Connection): Map<string, CollectionInfo> {
  const found = new Map<string, CollectionInfo & { indexes: IndexInfo[] }>();
  for (const [collection, written, name, spec, multikey] of db.all(LIST, [])) {
    const title = collection as string;
    const shape = written === null ? null : (fromText(written as string) as Shape);
    const made = { name: title, table: tableName(title, shape), indexes: [], shape };
    const info = found.get(title) ?? made;
    const parsed = fromText(spec as string) as IndexSpec;
    info.indexes.push(indexInfo(title, name as string, parsed, multikey as number));
    found.set(title, info);
  }
  return found;
}

function indexInfo(collection: string, name: string, spec: IndexSpec, multikey: number): IndexInfo {
  const partial = spec.partialFilterExpression ?? null;
  return {
    name,
    table: quoted(`i:${collection}:${name}`),
    spec,
    fields: indexFields(spec.keys),
    unique: spec.unique === true,
    partial,
    covers: partial ? matcher(partial) : () => true,
    multikey,
  };
}

function tableName(name: string, shape: Shape | null): string {
  return quoted(`${shape === null ? "d" : "s"}:${name}`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
