import type { Collection as MongoCollection, Db } from "mongodb";
import type { Document, IndexChanges, IndexSpec } from "./collection.js";
import { checkIndexes, surplusOf, wantedOf } from "./index-specs.js";
import { addsOnly, type OnlyAdd } from "./only-add.js";

const NAMESPACE_NOT_FOUND = 26;

/** What a collection is to have. */
export interface Wanted {
  readonly name: string;
  readonly declared: readonly IndexSpec[];
  readonly onlyAdd: OnlyAdd;
}

/** A database as calls reach it. */
export interface Reach {
  readonly db: Db;
  /** Ends a call within the limit. */
  readonly bounded: <R>(call: () => Promise<R>) => Promise<R>;
  /** Opens the database for the building of indexes, which takes as long as it takes. */
  readonly patient: <R>(work: (db: Db) => Promise<R>) => Promise<R>;
}

/** Makes a collection's indexes those declared, and no others unless told to add alone. */
export async function ensureMongoIndexes(
  { db, bounded, patient }: Reach,
  { name, declared, onlyAdd }: Wanted,
): Promise<IndexChanges> {
  checkIndexes(declared);
  const collection = db.collection(name);
  const present = await bounded(() => presentIndexes(collection));
  const dropped: string[] = [];
  for (const { name: surplus } of surplusOf(present, declared)) {
    if (await addsOnly(onlyAdd)) continue;
    await bounded(() => collection.dropIndex(surplus));
    dropped.push(surplus);
  }
  const wanted = wantedOf(declared);
  for (const { name: kept } of present) if (!dropped.includes(kept)) wanted.delete(kept);
  if (wanted.size > 0) await patient((slow) => create(slow.collection(name), wanted));
  return { created: [...wanted.keys()], dropped };
}

function create(
  collection: MongoCollection,
  wanted: ReadonlyMap<string, IndexSpec>,
): Promise<string[]> {
  return collection.createIndexes(
    [...wanted].map(([title, { keys, ...rest }]) => ({ name: title, key: { ...keys }, ...rest })),
  );
}

/** The indexes that a collection has, that of `_id` among them; none when there is no collection. */
export async function presentIndexes(
  collection: MongoCollection,
): Promise<{ readonly name: string; readonly spec: IndexSpec }[]> {
  try {
    const found = await collection.listIndexes().toArray();
    return found.map((index: Document) => ({ name: String(index["name"]), spec: specOf(index) }));
  } catch (error) {
    if ((error as { code?: unknown }).code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

function specOf(index: Document): IndexSpec {
  const { key, unique, partialFilterExpression, expireAfterSeconds } = index as {
    key: Record<string, 1 | -1>;
    unique?: boolean;
    partialFilterExpression?: Document;
    expireAfterSeconds?: number;
  };
  return {
    keys: Object.fromEntries(
      Object.entries(key).map(([path, direction]) => [path, Number(direction) as 1 | -1]),
    ),
    ...(unique === undefined ? {} : { unique }),
    ...(partialFilterExpression === undefined ? {} : { partialFilterExpression }),
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
  };
}
