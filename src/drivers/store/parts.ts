import { createHash } from "node:crypto";
import type { IndexSpec, Row, Store, WholeStore } from "./collection.js";
import { deploymentName } from "./deployment-id.js";
import { isOnlyDuplicates } from "./errors.js";
import { processesName } from "./presence.js";
import { unfinishedName } from "./unfinished.js";
import { toText } from "./values.js";

/** What a collection holds, in two values that are the same in both stores for the same rows. */
export interface Sum {
  readonly rows: number;
  /** SHA-256 of the texts of its rows, each ended by a line feed, in the order of `_id`. */
  readonly sha256: string;
}

/** Adds up rows that come in the order of `_id`. */
export interface Adding {
  add(text: string): void;
  sum(): Sum;
}

/** A collection on its way from one place to another. */
export interface Part {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  /** Its rows in the order of `_id`, some at a time. */
  readonly rows: AsyncIterable<readonly Row[]>;
}

const batch = 500;

/** What belongs to a place and not to the data in it. */
const leftOut: ReadonlySet<string> = new Set([processesName, unfinishedName, deploymentName]);

/** The collections that are copied, those of all instances together, in the order of their names. */
export async function partNames(store: Store): Promise<string[]> {
  const names = await store.collectionNames();
  return names.filter((name) => !leftOut.has(name)).sort();
}

/**
 * The rows of a collection in the order of `_id`, after one of them or from the first.
 * @throws Error where some are nobody's of ours: what is copied of them could never be put back
 */
export async function* rowsOf(
  store: Store,
  name: string,
  after: string | null = null,
): AsyncGenerator<readonly Row[]> {
  const collection = store.collection(name);
  let last = after;
  for (;;) {
    const filter = last === null ? {} : { _id: { $gt: last } };
    const rows = await collection.find(filter, { sort: { _id: 1 }, limit: batch }).toArray();
    if (rows.some(({ _id }) => typeof _id !== "string")) {
      throw new Error(
        `the collection ${name} is none of Parvis's, whose rows have texts for an _id: keep it in another database`,
      );
    }
    if (rows.length > 0) yield rows;
    if (rows.length < batch) return;
    last = rows.at(-1)?._id ?? null;
  }
}

/** The text of a row, the same whichever store it comes from: the order of its fields is the store's. */
export function rowText({ _id, ...rest }: Row): string {
  const fields = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return toText({ _id, ...Object.fromEntries(fields) });
}

/** Begin a sum. */
export function adding(): Adding {
  const hash = createHash("sha256");
  let rows = 0;
  return {
    add(text) {
      rows += 1;
      hash.update(text).update("\n");
    },
    sum: () => ({ rows, sha256: hash.copy().digest("hex") }),
  };
}

/** The sum of a stored collection. */
export async function sumOf(store: Store, name: string): Promise<Sum> {
  const total = adding();
  for await (const rows of rowsOf(store, name)) for (const row of rows) total.add(rowText(row));
  return total.sum();
}

/** Whether two collections hold the same. */
export function sameSum(a: Sum, b: Sum): boolean {
  return a.rows === b.rows && a.sha256 === b.sha256;
}

/** What became of the rows that were put in. */
export interface Filled {
  readonly sum: Sum;
  /** Rows that a unique index refused; those are no part of the sum. */
  readonly refused: number;
}

/**
 * Put the rows of a part into a store. Unique indexes are made before, so that they can refuse; the
 * others come with `finishPart`, so that none of them removes a row that is still to be compared.
 */
export async function fillPart(
  target: Store,
  part: Part,
  onRows: (count: number) => void,
): Promise<Filled> {
  await target.ensureIndexes(part.name, part.indexes.filter(refusesOnly));
  const total = adding();
  let refused = 0;
  for await (const rows of part.rows) {
    const kept = await insertAll(target, part.name, rows);
    refused += rows.length - kept.length;
    for (const row of kept) total.add(rowText(row));
    onRows(rows.length);
  }
  return { sum: total.sum(), refused };
}

/** Give a part that was compared the rest of its indexes. */
export async function finishPart(target: Store, part: Omit<Part, "rows">): Promise<void> {
  await target.ensureIndexes(part.name, part.indexes);
}

function refusesOnly({ unique, expireAfterSeconds }: IndexSpec): boolean {
  return unique === true && expireAfterSeconds === undefined;
}

type Failure = { readonly index: number };

async function insertAll(
  target: Store,
  name: string,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  try {
    await target.collection(name).insertMany(rows, { ordered: false });
    return rows;
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
    const { writeErrors = [] } = error as { writeErrors?: Failure | readonly Failure[] };
    const refused = new Set([writeErrors].flat().map(({ index }) => index));
    return rows.filter((_row, index) => !refused.has(index));
  }
}

/** Remove every row of a collection, some at a time. */
export async function clearPart(store: Store, name: string): Promise<void> {
  const collection = store.collection(name);
  for (;;) {
    const rows = await collection
      .find({}, { sort: { _id: 1 }, limit: batch, projection: { _id: 1 } })
      .toArray();
    if (rows.length === 0) return;
    await collection.deleteMany({ _id: { $in: rows.map(({ _id }) => _id) } });
  }
}

/** What any command writes that looks at a store: which release came, and which migrations it needs no more. */
const leftByLooking: ReadonlySet<string> = new Set([
  "declarations",
  "migrations",
  "migration_turn",
]);

/** Whether a store holds no row of anybody's: whoever only looked whether it answers has not filled it. */
export async function isEmpty(store: Store): Promise<boolean> {
  for (const name of await partNames(store)) {
    if (leftByLooking.has(name)) continue;
    if ((await store.collection(name).findOne({})) !== null) return false;
  }
  return true;
}

/** How many rows there are to be copied. */
export async function rowsIn(store: WholeStore): Promise<number> {
  let total = 0;
  for (const name of await partNames(store)) total += await store.collection(name).countDocuments();
  return total;
}
