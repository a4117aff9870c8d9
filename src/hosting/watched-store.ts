import type { Collection, Cursor, Row, Store } from "../drivers/store/collection.js";

/** What is asked of a store. */
export interface StoreCall {
  readonly operation: string;
  readonly collection: string;
}

/** Is given each call to run, and gives back what came of it. */
export type AroundStore = <R>(call: StoreCall, run: () => Promise<R>) => Promise<R>;

const operations = [
  ...["insertOne", "insertMany", "findOne", "updateOne", "updateMany", "findOneAndUpdate"],
  ...["deleteOne", "deleteMany", "countDocuments"],
] as const;

type Call = (...given: unknown[]) => Promise<unknown>;

/** A store whose calls are watched; in all else it is the given one. */
export function watchedStore(store: Store, around: AroundStore): Store {
  return {
    collection: <T extends Row>(name: string) =>
      watchedCollection(store.collection<T>(name), around),
    ensureIndexes: (...asked) => store.ensureIndexes(...asked),
    collectionNames: () => store.collectionNames(),
    check: () => store.check(),
    bytes: () => store.bytes(),
    close: () => store.close(),
    changes: store.changes,
  };
}

function watchedCollection<T extends Row>(
  inner: Collection<T>,
  around: AroundStore,
): Collection<T> {
  const calls = inner as unknown as Readonly<Record<string, Call>>;
  const collection = inner.collectionName;
  const watched = Object.fromEntries(
    operations.map((operation): [string, Call] => [
      operation,
      (...given) =>
        around({ operation, collection }, () => (calls[operation] as Call).apply(inner, given)),
    ]),
  );
  return {
    ...watched,
    collectionName: collection,
    find: (filter, options) =>
      watchedCursor(inner.find(filter, options), (run) =>
        around({ operation: "find", collection }, run),
      ),
  } as Collection<T>;
}

/** A cursor that is read row by row is not watched. */
function watchedCursor<T>(
  cursor: Cursor<T>,
  around: <R>(run: () => Promise<R>) => Promise<R>,
): Cursor<T> {
  return {
    toArray: () => around(() => cursor.toArray()),
    close: () => cursor.close(),
    [Symbol.asyncIterator]: () => cursor[Symbol.asyncIterator](),
  };
}
