import type { Collection, Cursor, Row, Store } from "../../drivers/store/collection.js";

/** Told how long one call took. */
export type Observe = (operation: string, ms: number) => void;

const operations = [
  ...["insertOne", "insertMany", "findOne", "updateOne", "updateMany", "findOneAndUpdate"],
  ...["deleteOne", "deleteMany", "countDocuments"],
] as const;

type Call = (...given: unknown[]) => Promise<unknown>;

/** A store whose calls are timed, those that fail included; in all else it is the given one. */
export function timedStore(store: Store, observe: Observe): Store {
  return {
    collection: <T extends Row>(name: string) =>
      timedCollection(store.collection<T>(name), observe),
    ensureIndexes: (...asked) => store.ensureIndexes(...asked),
    collectionNames: () => store.collectionNames(),
    check: () => store.check(),
    bytes: () => store.bytes(),
    close: () => store.close(),
    ...(store.changes === undefined ? {} : { changes: store.changes }),
  };
}

function timedCollection<T extends Row>(inner: Collection<T>, observe: Observe): Collection<T> {
  const calls = inner as unknown as Readonly<Record<string, Call>>;
  const timed = Object.fromEntries(
    operations.map((operation): [string, Call] => [
      operation,
      (...given) => time(observe, operation, () => (calls[operation] as Call).apply(inner, given)),
    ]),
  );
  return {
    ...timed,
    collectionName: inner.collectionName,
    find: (filter, options) => timedCursor(inner.find(filter, options), observe),
  } as Collection<T>;
}

function timedCursor<T>(cursor: Cursor<T>, observe: Observe): Cursor<T> {
  return {
    toArray: () => time(observe, "find", () => cursor.toArray()),
    close: () => cursor.close(),
    [Symbol.asyncIterator]: () => cursor[Symbol.asyncIterator](),
  };
}

async function time<R>(observe: Observe, operation: string, call: () => Promise<R>): Promise<R> {
  const began = performance.now();
  try {
    return await call();
  } finally {
    observe(operation, performance.now() - began);
  }
}
