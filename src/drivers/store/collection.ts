import type {
  Collection as MongoCollection,
  CountDocumentsOptions,
  DeleteResult,
  Document,
  Filter,
  FindOneAndUpdateOptions,
  FindOptions,
  InsertManyResult,
  InsertOneResult,
  OptionalUnlessRequiredId,
  UpdateFilter,
  UpdateOptions,
  UpdateResult,
  WithId,
} from "mongodb";
import type { OnlyAdd } from "./only-add.js";
import type { Shape } from "./shape.js";

export type { Document, Filter, FindOptions, UpdateFilter, WithId };

/** Every record carries a string `_id`, chosen by us and never by the store. */
export interface Row {
  readonly _id: string;
}

/** One stored row, streamed or gathered. A subset of MongoDB's `FindCursor`. */
export interface Cursor<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>;
  close(): Promise<void>;
}

/** What an index covers; the names and meanings are MongoDB's. */
export interface IndexSpec {
  readonly keys: Readonly<Record<string, 1 | -1>>;
  readonly unique?: boolean;
  /** Only rows that match are indexed: `{ field: { $exists: true } }`, equality, `$gt` and kin. */
  readonly partialFilterExpression?: Document;
  /** TTL: rows are removed this many seconds after the date in the single indexed field. */
  readonly expireAfterSeconds?: number;
}

/**
 * The part of MongoDB's `Collection` that the project uses. MongoDB's own class satisfies it as it
 * is (see `mongo.ts`); `sqlite.ts` is the embedded twin. Operators are limited to `operators.ts`.
 */
export interface Collection<T extends Row> {
  readonly collectionName: string;
  insertOne(doc: OptionalUnlessRequiredId<T>): Promise<InsertOneResult<T>>;
  insertMany(
    docs: ReadonlyArray<OptionalUnlessRequiredId<T>>,
    options?: { ordered?: boolean },
  ): Promise<InsertManyResult<T>>;
  findOne(filter: Filter<T>, options?: FindOptions): Promise<WithId<T> | null>;
  find(filter: Filter<T>, options?: FindOptions): Cursor<WithId<T>>;
  updateOne(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options?: UpdateOptions,
  ): Promise<UpdateResult<T>>;
  updateMany(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options?: UpdateOptions,
  ): Promise<UpdateResult<T>>;
  findOneAndUpdate(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options: FindOneAndUpdateOptions,
  ): Promise<WithId<T> | null>;
  deleteOne(filter: Filter<T>): Promise<DeleteResult>;
  deleteMany(filter: Filter<T>): Promise<DeleteResult>;
  countDocuments(filter?: Filter<T>, options?: CountDocumentsOptions): Promise<number>;
}

/** Tells that rows were written, to whoever keeps what was made of them. */
export interface Changes {
  /**
   * Another number after any write of another process. MongoDB does not tell of those: there, it is another
   * one each second, so that what is made of rows is behind them for no longer than that.
   */
  elsewhere(): number;
  /**
   * Another number after this process wrote a row of the collection: by the time that whoever wrote it
   * hears that it is written.
   */
  here(collection: string): number;
}

/** The names of a collection's indexes that were made or removed. */
export interface IndexChanges {
  readonly created: readonly string[];
  readonly dropped: readonly string[];
}

/** How a collection is to be, beside its indexes. */
export interface Ensuring {
  /**
   * The embedded store keeps rows that have a shape in columns, which costs a fraction of documents;
   * what it can then be asked is said at `Shape`.
   */
  readonly shape?: Shape | undefined;
  /**
   * Only add: indexes that are not declared stay, and so do those of a declared name that are otherwise,
   * and a shape that has all columns of ours and more. For what may be older than others at work; a
   * question is asked anew before each index that would be dropped, after that was seen: what is made by
   * whoever changed the answer before is left.
   */
  readonly onlyAdd?: OnlyAdd;
}

/** A database: named collections, their indexes, and an end. Both drivers are made by a function. */
export interface Store {
  collection<T extends Row>(name: string): Collection<T>;
  /**
   * Create what is missing of the declared indexes and drop what is no longer declared; tells which.
   */
  ensureIndexes(
    collectionName: string,
    indexes: readonly IndexSpec[],
    how?: Ensuring,
  ): Promise<IndexChanges>;
  collectionNames(): Promise<string[]>;
  /** Throws with a plain reason when the store cannot answer or its file is damaged. */
  check(): Promise<void>;
  /** How much room it takes on disk, its indexes included. */
  bytes(): Promise<number>;
  close(): Promise<void>;
  readonly changes: Changes;
}

/** A store with what only copying it whole asks for. */
export interface WholeStore extends Store {
  /** The indexes that a collection has, apart from that of `_id`; none when there is no such collection. */
  indexesOf(collectionName: string): Promise<readonly IndexSpec[]>;
}

/** Somebody else works with a store that is wanted alone. */
export class StoreInUse extends Error {
  override readonly name = "StoreInUse";
}

type Proven<Claim extends true> = Claim;

interface SampleRow extends Row {
  readonly title: string;
  readonly tags: readonly string[];
  readonly publishedAt: Date | null;
}

/**
 * Proof, at compile time, that the driver's own class still fits: this line stops compiling when
 * MongoDB's `Collection` can no longer be handed out as ours.
 */
export type MongoFits = Proven<
  MongoCollection<SampleRow> extends Collection<SampleRow> ? true : false
>;
