import {
  MongoClient,
  type Collection as MongoCollection,
  type Db,
  type FindCursor,
  type MongoClientOptions,
} from "mongodb";
import type { Collection, Row, WholeStore } from "./collection.js";
import { keepAlive, type LivingClient } from "./mongo-client.js";
import { isRepeatable, pastConflicts } from "./mongo-conflicts.js";
import { named, wholeCursor } from "./mongo-failures.js";
import { ensureMongoIndexes, presentIndexes } from "./mongo-indexes.js";
import { checkFilter, checkInserted, checkOptions } from "./operators.js";
import { checkChange } from "./operators-update.js";

/** How the MongoDB store behaves; everything has a default. */
export interface MongoOptions {
  /** The database; the one that the URL names unless told otherwise. */
  readonly dbName?: string;
  readonly patience?: Partial<MongoPatience>;
}

/** How long the servers may take; in milliseconds. */
export interface MongoPatience {
  /** For somebody to be there who takes what is asked: a failover that takes longer is answered 503. */
  readonly selectionMs: number;
  /** For one answer. */
  readonly answerMs: number;
  /** For a free connection, when all of them are busy. */
  readonly placeMs: number;
  /** Between two looks at each server, and for its answer to that and for a connection. */
  readonly heartbeatMs: number;
}

const usual: MongoPatience = {
  ...{ selectionMs: 2_000, answerMs: 10_000, placeMs: 3_000, heartbeatMs: 2_000 },
};

/**
 * What is answered as written is on the disks of a majority, and what is read was, too: a failover
 * takes neither back, and other servers are told nothing that never was. Only the primary is asked,
 * so that whoever wrote reads it. One failed connection is made up for by one retry, where the server
 * can tell a repeated write from a second one (a replica set or shards).
 */
const promises: MongoClientOptions = {
  writeConcern: { w: "majority", journal: true },
  readConcern: { level: "majority" },
  readPreference: "primary",
  retryReads: true,
  retryWrites: true,
  ignoreUndefined: true,
  promoteBuffers: true,
};

function settings({ selectionMs, answerMs, placeMs, heartbeatMs }: MongoPatience) {
  return {
    ...promises,
    serverSelectionTimeoutMS: selectionMs,
    socketTimeoutMS: answerMs,
    waitQueueTimeoutMS: placeMs,
    connectTimeoutMS: heartbeatMs,
    heartbeatFrequencyMS: heartbeatMs,
  };
}

/**
 * Connects to MongoDB, a replica set, shards, or a compatible server; rejects within seconds when
 * none answers. Later on, whatever is asked while none answers is rejected within `selectionMs`, with
 * an error that `isStoreUnavailable` knows, and connections come back by themselves, in another client where the driver's hangs. This module loads
 * the driver, which is slow: import it only when it is wanted.
 */
export async function openMongoStore(url: string, options: MongoOptions = {}): Promise<WholeStore> {
  const patience = { ...usual, ...options.patience };
  const client = keepAlive({
    make: () => new MongoClient(url, settings(patience)),
    lookMs: patience.heartbeatMs,
  });
  // Made once for each client: the driver works out all their options anew each time.
  const collections = new Map<string, Collection<Row>>();
  const db = onceFor(client, (now) => now.db(options.dbName));
  try {
    await client.now().connect();
    await db().command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw error;
  }
  const patient = async <R>(work: (db: Db) => Promise<R>): Promise<R> => {
    const slow = new MongoClient(url, settings({ ...patience, answerMs: 0 }));
    try {
      return await work(slow.db(options.dbName));
    } finally {
      await slow.close();
    }
  };
  return {
    collection: <T extends Row>(name: string): Collection<T> => {
      const known = collections.get(name) as Collection<T> | undefined;
      if (known !== undefined) return known;
      const made = withChecks(onceFor(client, () => db().collection<T>(name)));
      collections.set(name, made as unknown as Collection<Row>);
      return made;
    },
    ensureIndexes: (name, indexes, { onlyAdd = false } = {}) =>
      named(() => ensureMongoIndexes(db(), patient, { name, declared: indexes, onlyAdd })),
    indexesOf: async (name) => {
      const present = await named(() => presentIndexes(db().collection(name)));
      return present.filter((index) => index.name !== "_id_").map(({ spec }) => spec);
    },
    collectionNames: async () => {
      const listed = db().listCollections({}, { nameOnly: true });
      const found = await named(() => listed.toArray());
      return found.map(({ name }) => name).filter((name) => !name.startsWith("system."));
    },
    check: async () => {
      await named(() => db().command({ ping: 1 }));
    },
    bytes: async () => {
      const { storageSize, indexSize } = await named(() => db().stats());
      return Number(storageSize) + Number(indexSize);
    },
    close: () => client.close(),
  };
}

/** What is made of the client of the moment, made again once another takes its place. */
function onceFor<T>(client: LivingClient, make: (now: MongoClient) => T): () => T {
  let made: { readonly by: MongoClient; readonly it: T } | null = null;
  return () => {
    const by = client.now();
    if (made?.by !== by) made = { by, it: make(by) };
    return made.it;
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

/**
 * The collection of the client of the moment. What the embedded store would refuse throws or rejects
 * before it is sent, so that nothing works here alone; it costs microseconds.
 */
function withChecks<T extends Row>(collection: () => MongoCollection<T>): Collection<T> {
  return new Proxy(collection(), {
    get(_first, property) {
      const target = collection();
      const member: unknown = Reflect.get(target, property, target);
      const check = CHECKS.get(property);
      if (check === undefined || typeof member !== "function") return member;
      const call = (given: readonly unknown[]): unknown => Reflect.apply(member, target, given);
      if (property === "find") {
        return (...given: unknown[]) => {
          check(...given);
          return wholeCursor(call(given) as FindCursor<T>);
        };
      }
      return async (...given: unknown[]) => {
        check(...given);
        const once = (): Promise<unknown> => call(given) as Promise<unknown>;
        return named(() => (isRepeatable(property) ? pastConflicts(once) : once()));
      };
    },
  });
}
