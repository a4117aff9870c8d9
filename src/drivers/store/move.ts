import type { WholeStore } from "./collection.js";
import {
  clearPart,
  fillPart,
  finishPart,
  partNames,
  rowsOf,
  sameSum,
  sumOf,
  type Sum,
} from "./parts.js";
import { beginCopy, endCopy, forgetMoved } from "./unfinished.js";

/** A collection that is in both stores now. */
export interface Moved extends Sum {
  readonly name: string;
}

/** What is told about a move. */
export interface Moving {
  /** The source's name, to know an unfinished move again. */
  readonly from: string;
  /** Rows that need not be copied any more; may go back when a collection is copied again. */
  readonly onProgress: (rows: number, collection: string) => void;
  /** Runs once all is compared, before the copy is taken for whole. */
  readonly lastly?: () => Promise<void>;
}

/** Sessions and the like may expire in the source between copy and comparison. */
const tries = 3;

/**
 * Copy everything from one store to another and compare each collection's count and checksum, read
 * again from both. A move that was killed goes on where it was: each collection after its last row;
 * one that then differs is copied anew. The source is not changed.
 * @throws Error when a collection of the source does not stand still
 */
export async function moveStore(
  source: WholeStore,
  target: WholeStore,
  { from, onProgress, lastly }: Moving,
): Promise<readonly Moved[]> {
  await beginCopy(target, { by: "move-store", from });
  const moved: Moved[] = [];
  let before = 0;
  for (const name of await partNames(source)) {
    const start = before;
    const sum = await movePart({ source, target, name }, (rows) => onProgress(start + rows, name));
    moved.push({ name, ...sum });
    before += sum.rows;
  }
  await lastly?.();
  await forgetMoved(target);
  await endCopy(target);
  return moved;
}

interface Way {
  readonly source: WholeStore;
  readonly target: WholeStore;
  readonly name: string;
}

async function movePart(way: Way, onRows: (done: number) => void): Promise<Sum> {
  const { source, target, name } = way;
  const indexes = await source.indexesOf(name);
  const begun = (await target.collection(name).findOne({})) !== null;
  const known = begun ? await equalSum(way) : null;
  if (known !== null) {
    onRows(known.rows);
    await finishPart(target, { name, indexes });
    return known;
  }
  for (let tried = 1; tried <= tries; tried += 1) {
    if (tried > 1) await clearPart(target, name);
    const collection = target.collection(name);
    const last = await collection.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } });
    let done = await collection.countDocuments();
    const rows = rowsOf(source, name, last?._id ?? null);
    await fillPart(target, { name, indexes, rows }, (count) => onRows((done += count)));
    const sum = await equalSum(way);
    if (sum === null) continue;
    await finishPart(target, { name, indexes });
    return sum;
  }
  throw new Error(
    `${name} differs in the two stores after ${tries} tries: something still writes to the source`,
  );
}

async function equalSum({ source, target, name }: Way): Promise<Sum | null> {
  const [here, there] = await Promise.all([sumOf(source, name), sumOf(target, name)]);
  return sameSum(here, there) ? here : null;
}
