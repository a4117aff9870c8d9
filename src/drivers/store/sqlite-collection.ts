import { isShaped } from "./catalog.js";
import type { Collection, Document, Row, WithId } from "./collection.js";
import {
  changeDocs,
  deleteDocs,
  insertDoc,
  insertDocs,
  type Change,
  type Changed,
} from "./sqlite-change.js";
import { count, cursor, rows, type Query, type Reader } from "./sqlite-find.js";
import { checkFilter, checkInserted, checkOptions } from "./operators.js";
import { checkChange } from "./operators-update.js";
import { projector } from "./projection.js";
import type { Sort } from "./sqlite-plan.js";
import type { Stored } from "./sqlite-scan.js";
import { copyOf } from "./values.js";
import type { WriteQueue } from "./write-queue.js";

interface Options {
  readonly sort?: unknown;
  readonly projection?: Document;
  readonly skip?: number;
  readonly limit?: number;
  readonly upsert?: boolean;
  readonly returnDocument?: string;
}

/** One collection of the embedded store. */
export function sqliteCollection<T extends Row>(
  reader: Reader,
  queue: WriteQueue,
  name: string,
): Collection<T> {
  return {
    collectionName: name,
    ...reading<T>(reader, name),
    ...inserting<T>(reader, queue, name),
    ...changing<T>(reader, queue, name),
    ...deleting<T>(reader, queue, name),
  };
}

type Reading<T extends Row> = Pick<Collection<T>, "find" | "findOne" | "countDocuments">;

function reading<T extends Row>(reader: Reader, name: string): Reading<T> {
  function* found(query: Query): Generator<Stored> {
    const version = reader.catalog.refresh();
    const info = reader.catalog.get(name);
    if (!info) return;
    if (isShaped(info)) return yield* shown(rows(reader, info, query), query);
    const question = { collection: name, ...query };
    yield* reader.answers.rows(question, version, () => shown(rows(reader, info, query), query));
  }
  return {
    find(filter, options) {
      const query = checkedQuery(filter, options as Options | undefined);
      return cursor<WithId<T>>(() => found(query));
    },
    async findOne(filter, options) {
      const query = checkedQuery(filter, options as Options | undefined);
      const step = found({ ...query, limit: 1 }).next();
      return step.done ? null : (step.value.doc as WithId<T>);
    },
    async countDocuments(filter = {}, options) {
      const query = checkedQuery(filter, options as Options | undefined);
      const { skip, limit } = query;
      const version = reader.catalog.refresh();
      const info = reader.catalog.get(name);
      if (!info) return 0;
      const most = limit === 0 ? 0 : skip + limit;
      if (isShaped(info)) return answered(count(reader, info, query.filter, most), query);
      const total = reader.answers.count({ collection: name, ...query }, version, () =>
        count(reader, info, query.filter, most),
      );
      return answered(total, query);
    },
  };
}

/** What is left of a total after what was skipped, up to the limit. */
function answered(total: number, { skip, limit }: Query): number {
  const left = Math.max(0, total - skip);
  return limit > 0 ? Math.min(left, limit) : left;
}

function* shown(found: Iterable<Stored>, { projection }: Query): Generator<Stored> {
  const project = projector(projection);
  for (const row of found) yield { ...row, doc: project(row.doc) };
}

function checkedQuery(filter: unknown, options: Options | undefined): Query {
  checkFilter(filter);
  checkOptions("find", options);
  return {
    filter: copyOf(filter) as Document,
    sort: (options?.sort ?? {}) as Sort,
    skip: options?.skip ?? 0,
    limit: Math.abs(options?.limit ?? 0),
    projection: options?.projection,
  };
}

type Inserting<T extends Row> = Pick<Collection<T>, "insertOne" | "insertMany">;

function inserting<T extends Row>(reader: Reader, queue: WriteQueue, name: string): Inserting<T> {
  type Id = WithId<T>["_id"];
  return {
    async insertOne(given) {
      const doc = copyOf(given) as Document;
      checkInserted(doc);
      await queue.write(() => insertDoc(reader, name, doc));
      return { acknowledged: true, insertedId: doc["_id"] as Id };
    },
    async insertMany(given, options) {
      const docs = given.map((doc) => copyOf(doc) as Document);
      docs.forEach(checkInserted);
      const ordered = options?.ordered !== false;
      const { insertedIds, error } = await queue.write(() =>
        insertDocs(reader, name, docs, ordered),
      );
      if (error) throw error;
      const ids = insertedIds as Record<number, Id>;
      return { acknowledged: true, insertedCount: docs.length, insertedIds: ids };
    },
  };
}

type Changing<T extends Row> = Pick<Collection<T>, "updateOne" | "updateMany" | "findOneAndUpdate">;

function changing<T extends Row>(reader: Reader, queue: WriteQueue, name: string): Changing<T> {
  async function change(
    filter: unknown,
    update: unknown,
    given: object | undefined,
    many: boolean,
  ): Promise<Changed> {
    checkChange(filter, update, given);
    const options = (given ?? {}) as Options;
    const wanted: Change = {
      filter: copyOf(filter) as Document,
      update: copyOf(update) as Document,
      sort: (options.sort ?? {}) as Sort,
      many,
      upsert: options.upsert === true,
    };
    return queue.write(() => changeDocs(reader, name, wanted));
  }
  return {
    async updateOne(filter, update, options) {
      return updateResult<T>(await change(filter, update, options, false));
    },
    async updateMany(filter, update, options) {
      return updateResult<T>(await change(filter, update, options, true));
    },
    async findOneAndUpdate(filter, update, options) {
      const changed = await change(filter, update, options, false);
      const doc = options?.returnDocument === "after" ? changed.after : changed.before;
      const project = projector(options?.projection as Document | undefined);
      return doc ? (project(doc) as WithId<T>) : null;
    },
  };
}

function updateResult<T extends Row>(changed: Changed) {
  return {
    acknowledged: true,
    matchedCount: changed.matched,
    modifiedCount: changed.modified,
    upsertedCount: changed.upsertedId === null ? 0 : 1,
    upsertedId: changed.upsertedId as WithId<T>["_id"] | null,
  };
}

type Deleting<T extends Row> = Pick<Collection<T>, "deleteOne" | "deleteMany">;

function deleting<T extends Row>(reader: Reader, queue: WriteQueue, name: string): Deleting<T> {
  async function remove(filter: unknown, many: boolean) {
    checkFilter(filter);
    const wanted = copyOf(filter) as Document;
    const deletedCount = await queue.write(() => deleteDocs(reader, name, wanted, many));
    return { acknowledged: true, deletedCount };
  }
  return {
    deleteOne: (filter) => remove(filter, false),
    deleteMany: (filter) => remove(filter, true),
  };
}
