import { MongoClient, MongoNetworkTimeoutError, type Db, type MongoClientOptions } from "mongodb";
import type { Collection, Row, WholeStore } from "./collection.js";
import { whileConnected, within, type Limit } from "./mongo-calls.js";
import { countChanges } from "./mongo-changes.js";
import { keepAlive, type LivingClient } from "./mongo-client.js";
import { boundedCollection } from "./mongo-collection.js";
import { ensureMongoIndexes, presentIndexes } from "./mongo-indexes.js";

/** How the MongoDB store behaves; everything has a default. */
export interface MongoOptions {
  /** The database; the one that the URL names unless told otherwise. */
  readonly dbName?: string;
  readonly patience?: Partial<MongoPatience>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** How long the servers may take; in milliseconds. The first three together are what one call may take. */
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
 * What a call may take with its retry: after a server that is lost at once, there is as much time as a call
 * may take that finds everything well. The driver ends the session of a call that ends with this error.
 */
function limitOf({ selectionMs, placeMs, answerMs }: MongoPatience): Limit {
  return {
    ms: selectionMs + placeMs + answerMs,
    late: () => new MongoNetworkTimeoutError("MongoDB gave no answer in time"),
  };
}

/**
 * Connects to MongoDB, a replica set, shards, or a compatible server; rejects within seconds when
 * none answers. Later on, whatever is asked while none answers is rejected within `selectionMs`, and
 * whatever gets no answer within the limit, with an error that `isStoreUnavailable` knows; connections
 * come back by themselves, in another client where the driver's hangs. This module loads the driver, which
 * is slow: import it only when it is wanted.
 */
export async function openMongoStore(url: string, options: MongoOptions = {}): Promise<WholeStore> {
  const patience = { ...usual, ...options.patience };
  const limit = limitOf(patience);
  const bounded = <R>(call: () => Promise<R>): Promise<R> => within(limit, call);
  const client = keepAlive({
    make: () => new MongoClient(url, settings(patience)),
    lookMs: patience.heartbeatMs,
  });
  const close = (): Promise<void> => bounded(() => client.close());
  const changes = countChanges(options.now ?? (() => performance.now()));
  // Made once for each client: the driver works out all their options anew each time.
  const collections = new Map<string, Collection<Row>>();
  const db = onceFor(client, (now) => now.db(options.dbName));
  const ping = (): Promise<unknown> => bounded(() => db().command({ ping: 1 }));
  try {
    await bounded(() => client.now().connect());
    await ping();
  } catch (error) {
    await close();
    throw error;
  }
  const patient = async <R>(work: (db: Db) => Promise<R>): Promise<R> => {
    const slow = new MongoClient(url, settings({ ...patience, answerMs: 0 }));
    try {
      return await whileConnected(limit, slow, () => work(slow.db(options.dbName)));
    } finally {
      await bounded(() => slow.close());
    }
  };
  return {
    collection: <T extends Row>(name: string): Collection<T> => {
      const known = collections.get(name) as Collection<T> | undefined;
      if (known !== undefined) return known;
      const made = boundedCollection(
        onceFor(client, () => db().collection<T>(name)),
        limit,
        () => changes.wrote(name),
      );
      collections.set(name, made as unknown as Collection<Row>);
      return made;
    },
    ensureIndexes: (name, indexes, { onlyAdd = false } = {}) =>
      ensureMongoIndexes({ db: db(), bounded, patient }, { name, declared: indexes, onlyAdd }),
    indexesOf: async (name) => {
      const present = await bounded(() => presentIndexes(db().collection(name)));
      return present.filter((index) => index.name !== "_id_").map(({ spec }) => spec);
    },
    collectionNames: async () => {
      const found = await bounded(() => db().listCollections({}, { nameOnly: true }).toArray());
      return found.map(({ name }) => name).filter((name) => !name.startsWith("system."));
    },
    check: async () => {
      await ping();
    },
    bytes: async () => {
      const { storageSize, indexSize } = await bounded(() => db().stats());
      return Number(storageSize) + Number(indexSize);
    },
    changes,
    close,
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
