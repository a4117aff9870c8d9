import { createHash, randomUUID } from "node:crypto";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import type { Collection, IndexSpec, Row, Store } from "../../src/drivers/store/collection.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { instanceOfJob as ownerOf, loggedOfJob as loggedOf } from "../../src/hosting/outbox.js";
import type { Engine, EngineOptions } from "./engine.js";
import { parkedClock, parkedQueue } from "./parked-queue.js";

/** A database of this run, with the indexes that were made in it and the collections somebody used. */
interface Database {
  readonly name: string;
  readonly indexes: Map<string, string>;
  readonly used: Set<string>;
}

/** Emptied databases, indexes and all, for whoever comes next: to make one takes seconds. */
const spare: Database[] = [];

/** Opens a database and a prefix in Redis that nobody else has, or those that are kept under a name. */
export async function servers({ clock, kept }: EngineOptions): Promise<Engine> {
  const database = kept === undefined ? (spare.pop() ?? named(randomUUID())) : named(kept);
  const { name } = database;
  const prefix = kept === undefined ? `${name}_${randomUUID().slice(0, 8)}` : name;
  const store = await leased(database, kept === undefined);
  return {
    store,
    queue: (log, through = store) =>
      parkedQueue({
        ...{ clock, prefix, url: setting("PARVIS_TEST_REDIS_URL") },
        inner: createBullQueue({
          ...{ url: setting("PARVIS_TEST_REDIS_URL"), prefix, store: through, log, pollMs: 5 },
          ...{ clock: parkedClock(clock), random: () => 0, patienceMs: 10_000, ownerOf, loggedOf },
        }),
      }),
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the tests with --engine=servers`);
  return value;
}

/** Whatever its name begins with is dropped when the run ends. */
function named(what: string): Database {
  const short = createHash("sha256").update(what).digest("hex").slice(0, 12);
  return {
    name: `${setting("PARVIS_TEST_RUN")}_${short}`,
    ...{ indexes: new Map<string, string>(), used: new Set<string>() },
  };
}

async function leased(database: Database, isSpare: boolean): Promise<Store> {
  const inner = await openMongoStore(setting("MONGODB_URL"), { dbName: database.name });
  const pending = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;
  const follow = (call: () => unknown): unknown => {
    if (closing !== null) throw new Error("the store is closed");
    const result = call();
    if (!(result instanceof Promise)) return result;
    pending.add(result);
    const ended = (): void => void pending.delete(result);
    result.then(ended, ended);
    return result;
  };
  const close = async (): Promise<void> => {
    await Promise.allSettled(pending);
    if (isSpare) {
      for (const name of database.used) await inner.collection(name).deleteMany({});
      database.used.clear();
      spare.push(database);
    }
    await inner.close();
  };
  return {
    collection: <T extends Row>(name: string) => {
      database.used.add(name);
      return followed(inner.collection<T>(name), follow);
    },
    ensureIndexes: (name, indexes) => ensured({ database, inner }, name, indexes),
    collectionNames: () => inner.collectionNames(),
    check: () => inner.check(),
    bytes: () => inner.bytes(),
    changes: inner.changes,
    close: () => (closing ??= close()),
  };
}

function followed<T extends Row>(
  collection: Collection<T>,
  follow: (call: () => unknown) => unknown,
): Collection<T> {
  return new Proxy(collection, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== "function") return member;
      const call = member as (...all: unknown[]) => unknown;
      return (...given: unknown[]) => follow(() => call.apply(target, given));
    },
  });
}

/** Whatever expires does so by the machine's clock, which is far ahead of that of most tests: nothing does. */
async function ensured(
  { database, inner }: { readonly database: Database; readonly inner: Store },
  name: string,
  indexes: readonly IndexSpec[],
): ReturnType<Store["ensureIndexes"]> {
  const lasting = indexes.map(({ expireAfterSeconds: _never, ...index }) => index);
  const told = JSON.stringify(lasting);
  if (database.indexes.get(name) === told) return { created: [], dropped: [] };
  const changes = await inner.ensureIndexes(name, lasting);
  database.indexes.set(name, told);
  return changes;
}
