import { expect } from "chai";
import type { Collection } from "../../src/drivers/store/collection.js";
import { openCase, rejection, type OpenStore, type Thing } from "./store.conformance-support.js";

type Things = Collection<Thing>;

const WRITES: readonly [string, (things: Things) => Promise<unknown>][] = [
  ["a record that is inserted", (things) => things.insertOne({ _id: "9" })],
  ["records that are inserted", (things) => things.insertMany([{ _id: "8" }, { _id: "9" }])],
  [
    "records that are inserted before one that is refused",
    (things) => rejection(things.insertMany([{ _id: "9" }, { _id: "1" }])),
  ],
  ["a record that is changed", (things) => things.updateOne({ _id: "1" }, { $inc: { n: 1 } })],
  ["records that are changed", (things) => things.updateMany({}, { $inc: { n: 1 } })],
  [
    "a record that is inserted by a change",
    (things) => things.updateOne({ _id: "9" }, { $inc: { n: 1 } }, { upsert: true }),
  ],
  [
    "a record that is changed and given back",
    (things) =>
      things.findOneAndUpdate({ _id: "1" }, { $inc: { n: 1 } }, { returnDocument: "after" }),
  ],
  ["a record that is removed", (things) => things.deleteOne({ _id: "1" })],
  ["records that are removed", (things) => things.deleteMany({ n: 1 })],
];

/** What a store tells of its own writes, to whoever keeps what was made of rows. */
export function describeChanges(open: OpenStore): void {
  const the = openCase(open);
  const things = (): Things => the.store.collection<Thing>("things");
  const told = (): number[] =>
    ["things", "others"].map((collection) => the.store.changes.here(collection));

  it("tells of every write by the time that its writer hears of it, and of its collection alone", async () => {
    for (const [what, write] of WRITES) {
      await things().deleteMany({});
      await things().insertMany(["1", "2"].map((_id) => ({ _id, n: 1 })));
      const before = told();

      const after = await write(things()).then(told);

      expect(after[0], what).not.to.equal(before[0]);
      expect(after[1], what).to.equal(before[1]);
    }
  });

  it("tells of no reading", async () => {
    const before = told();

    await things().findOne({ _id: "1" });
    await things().find({ n: 1 }).toArray();
    await things().countDocuments({});

    expect(told()).to.deep.equal(before);
  });
}
