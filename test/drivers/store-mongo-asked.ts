import type { Row, Store } from "../../src/drivers/store/collection.js";

/** A record, with text beside where it is to be large. */
export interface Thing extends Row {
  readonly n: number;
  readonly text?: string;
}

/** An index of them. */
export const byN = [{ keys: { n: 1 } }] as const;

/** One thing that is asked of a store. */
export type Ask = (store: Store) => Promise<unknown>;

/** The records that all of it is about; one is called "a". */
export const things = (store: Store) => store.collection<Thing>("things");

async function firstOf(store: Store): Promise<unknown> {
  for await (const thing of things(store).find({})) return thing;
  return null;
}

/** Everything that is asked of a store. */
export const asked: ReadonlyArray<readonly [string, Ask]> = [
  ["inserting one", (store) => things(store).insertOne({ _id: "b", n: 2 })],
  ["inserting many", (store) => things(store).insertMany([{ _id: "c", n: 3 }])],
  ["looking one up", (store) => things(store).findOne({ _id: "a" })],
  ["a list", (store) => things(store).find({}).toArray()],
  ["reading one by one", firstOf],
  ["changing one", (store) => things(store).updateOne({ _id: "a" }, { $inc: { n: 1 } })],
  ["changing many", (store) => things(store).updateMany({}, { $inc: { n: 1 } })],
  ["taking one", (store) => things(store).findOneAndUpdate({}, { $inc: { n: 1 } }, {})],
  ["removing one", (store) => things(store).deleteOne({ _id: "a" })],
  ["removing many", (store) => things(store).deleteMany({})],
  ["counting", (store) => things(store).countDocuments({})],
  ["the names of collections", (store) => store.collectionNames()],
  ["whether it is well", (store) => store.check()],
  ["how large it is", (store) => store.bytes()],
  ["making indexes", (store) => store.ensureIndexes("things", byN)],
];
