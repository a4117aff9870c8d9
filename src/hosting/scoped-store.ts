import type { Collection, IndexSpec, Row, Store } from "../drivers/store/collection.js";
import { isDuplicate, type CollectionDef } from "../kit/records.js";

type Loose = Record<string, unknown>;

/**
 * The indexes of a collection as stored: `instanceId` in front of each, and one of it alone where no
 * other holds every row, so that all rows of an instance are found and it can lie on a shard.
 */
export function scopedIndexes(indexes: readonly IndexSpec[]): IndexSpec[] {
  const scoped = indexes.map((index) =>
    index.expireAfterSeconds === undefined
      ? { ...index, keys: { instanceId: 1 as const, ...index.keys } }
      : index,
  );
  const isWhole = scoped.some(
    ({ keys, partialFilterExpression }) =>
      "instanceId" in keys && partialFilterExpression === undefined,
  );
  return isWhole ? scoped : [...scoped, { keys: { instanceId: 1 } }];
}

/**
 * A collection confined to one instance: its id is added to every filter and every inserted row,
 * and no update may change it. Use cases never see another instance's rows.
 */
export function scopedCollection<T extends Row>(
  store: Store,
  instanceId: string,
  def: CollectionDef<T>,
): Collection<T> {
  const inner = store.collection<Row>(def.name);
  const own = (filter: unknown): Loose => ({ ...(filter as Loose), instanceId });
  const row = (doc: unknown): Row => ({ ...(doc as Row), instanceId }) as Row;
  const scoped: Collection<Row> = {
    collectionName: def.name,
    insertOne: (doc) => inner.insertOne(row(doc)),
    insertMany: (docs, options) => inner.insertMany(docs.map(row), options),
    findOne: (filter, options) => inner.findOne(own(filter), options),
    find: (filter, options) => inner.find(own(filter), options),
    updateOne: async (filter, update, options) => {
      const change = guarded(update);
      return again(options, () => inner.updateOne(own(filter), change, options));
    },
    updateMany: async (filter, update, options) => {
      const change = guarded(update);
      return again(options, () => inner.updateMany(own(filter), change, options));
    },
    findOneAndUpdate: async (filter, update, options) => {
      const change = guarded(update);
      return again(options, () => inner.findOneAndUpdate(own(filter), change, options));
    },
    deleteOne: (filter) => inner.deleteOne(own(filter)),
    deleteMany: (filter) => inner.deleteMany(own(filter)),
    countDocuments: (filter, options) => inner.countDocuments(own(filter ?? {}), options),
  };
  return scoped as unknown as Collection<T>;
}

function guarded<U extends object>(update: U): U {
  for (const [operator, fields] of Object.entries(update)) {
    if (!operator.startsWith("$")) throw new Error("An update needs operators such as $set.");
    for (const path of Object.keys((fields ?? {}) as Loose)) {
      if (path.split(".")[0] === "instanceId") throw new Error("A row never changes its instance.");
    }
  }
  return update;
}

/**
 * Two upserts of one row at once may both try to insert it; MongoDB then refuses one of them as a
 * duplicate, since the filter holds more than the `_id`. At the second try the row is there.
 */
async function again<R>(options: { upsert?: boolean } | undefined, write: () => Promise<R>) {
  try {
    return await write();
  } catch (error) {
    if (options?.upsert !== true || !isDuplicate(error)) throw error;
    return write();
  }
}
