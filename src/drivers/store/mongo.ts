import { MongoClient, type Collection as MongoCollection, type Db } from "mongodb";
import type { Collection, Document, IndexSpec, Row, WholeStore } from "./collection.js";
import { checkIndexes, indexName, sameIndex } from "./index-specs.js";
import { checkFilter, checkInserted, checkOptions } from "./operators.js";
import { checkChange } from "./operators-update.js";

/** How the MongoDB store behaves; everything has a default. */
export interface MongoOptions {
  /** The database; the one that the URL names unless told otherwise. */
  readonly dbName?: string;
  /**
   * Whether calls are held against `operators.ts` before they are sent, so that nothing works here
   * which the embedded store would refuse. It costs microseconds and is on unless told otherwise;
   * without it, collections are the driver's own objects, untouched.
   */
  readonly checked?: boolean;
}

const SERVER_SELECTION_MS = 3000;

/**
 * Connects to MongoDB, a replica set, shards, or a compatible server; rejects within seconds when
 * none answers. This module loads the driver, which is slow: import it only when it is wanted.
 */
export async function openMongoStore(url: string, options: MongoOptions = {}): Promise<WholeStore> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    ignoreUndefined: true,
    promoteBuffers: true,
  });
  try {
    await client.connect();
    await client.db(options.dbName).command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw error;
  }
  const db = client.db(options.dbName);
  const checked = options.checked ?? true;
  return {
    collection: <T extends Row>(name: string): Collection<T> => {
      const collection = db.collection<T>(name);
      return checked ? withChecks(collection) : collection;
    },
    ensureIndexes: (name, indexes) => ensureIndexes(db, name, indexes),
    indexesOf: async (name) => {
      const present = await presentIndexes(db.collection(name));
      return present.filter((index) => index.name !== "_id_").map(({ spec }) => spec);
    },
    collectionNames: async () => {
      const found = await db.listCollections({}, { nameOnly: true }).toArray();
      return found.map(({ name }) => name).filter((name) => !name.startsWith("system."));
    },
    check: async () => {
      await db.command({ ping: 1 });
    },
    close: () => client.close(),
  };
}

type Check = (...given: readonly unknown[]) => void;

const checkRead: Check = (filter = {}, options) => {
  checkFilter(filter);
  checkOptions("find", options as object | undefined);
};

const checkWrite: Check = (filter, update, options) =>
  checkChange(filter, update, options as object | undefined);

const CHECKS: ReadonlyMap<string | symbol, Check> = new Map<string, Check>([
  ["find", checkRead],
  ["findOne", checkRead],
  ["countDocuments", checkRead],
  ["updateOne", checkWrite],
  ["updateMany", checkWrite],
  ["findOneAndUpdate", checkWrite],
  ["deleteOne", (filter) => checkFilter(filter)],
  ["deleteMany", (filter) => checkFilter(filter)],
  ["insertOne", (doc) => checkInserted(doc)],
  ["insertMany", (docs) => (docs as readonly unknown[]).forEach(checkInserted)],
]);

/** The driver's collection, whose calls throw or reject before they are sent if they are refused. */
function withChecks<T extends Row>(collection: MongoCollection<T>): Collection<T> {
  return new Proxy(collection, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      const check = CHECKS.get(property);
      return (...given: unknown[]): unknown => {
        try {
          check?.(...given);
        } catch (error) {
          if (property === "find") throw error;
          return Promise.reject(error as Error);
        }
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
}

const NAMESPACE_NOT_FOUND = 26;

async function ensureIndexes(db: Db, name: string, declared: readonly IndexSpec[]): Promise<void> {
  checkIndexes(declared);
  const collection = db.collection(name);
  const wanted = new Map(declared.map((spec) => [indexName(spec), spec]));
  wanted.delete("_id_");
  for (const present of await presentIndexes(collection)) {
    if (present.name === "_id_") continue;
    const spec = wanted.get(present.name);
    if (spec && sameIndex(spec, present.spec)) wanted.delete(present.name);
    else await collection.dropIndex(present.name);
  }
  if (wanted.size === 0) return;
  await collection.createIndexes(
    [...wanted].map(([title, { keys, ...rest }]) => ({ name: title, key: { ...keys }, ...rest })),
  );
}

async function presentIndexes(
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
