import { expect } from "chai";
import { describeAtomicity } from "./store.conformance-atomic.js";
import { describeChanges } from "./store.conformance-changes.js";
import { describeIndexes } from "./store.conformance-indexes.js";
import { describeQueries } from "./store.conformance-queries.js";
import { openCase, rejection, type OpenStore, type Thing } from "./store.conformance-support.js";

export type { OpenStore } from "./store.conformance-support.js";

/** The promises that both stores keep. `open` gives an empty store of its own each time. */
export function storeConformance(name: string, open: OpenStore): void {
  describe(`The ${name} store`, () => {
    describeRecords(open);
    describeRefusals(open);
    describeQueries(open);
    describeIndexes(open);
    describeAtomicity(open);
    describeChanges(open);
  });
}

function describeRecords(open: OpenStore): void {
  const the = openCase(open);

  it("gives back a record as it was given: dates, nothings, nested lists, odd names, bytes", async () => {
    const things = the.store.collection<Thing>("things");
    const given = {
      _id: "1",
      when: new Date(0),
      empty: null,
      list: [1, [2, ["x"]], { deep: [new Date(5), null] }],
      odd: { $date: 5, nested: { $escaped: { $number: "1" } }, "": 1 },
      text: "é𝄞\u0000 \u2028",
      numbers: [0.1, -1e300, Number.MAX_SAFE_INTEGER],
      bytes: new Uint8Array([0, 255, 128]),
    };

    await things.insertOne(given);

    const { bytes, ...rest } = (await things.findOne({ _id: "1" })) as Thing;
    const { bytes: _bytes, ...expected } = given;
    expect(rest).to.deep.equal(expected);
    expect(Array.from(bytes as Uint8Array)).to.deep.equal([0, 255, 128]);
  });

  it("leaves out what is undefined", async () => {
    const things = the.store.collection<Thing>("things");

    await things.insertOne({ _id: "1", a: undefined, b: { c: undefined, d: 1 } });

    expect(await things.findOne({ _id: "1" })).to.deep.equal({ _id: "1", b: { d: 1 } });
  });

  it("keeps a name that was cut within a character, with the sign for one that is missing", async () => {
    const things = the.store.collection<Thing>("things");

    await things.insertOne({ _id: "1", name: "Été \ud83d" });
    await things.updateOne({ _id: "1" }, { $set: { other: "\ude00!" } });

    const kept = { _id: "1", name: "Été \ufffd", other: "\ufffd!" };
    expect(await things.findOne({ _id: "1" })).to.deep.equal(kept);
  });

  it("keeps a record of 200 kB", async () => {
    const things = the.store.collection<Thing>("things");
    const text = "à".repeat(100_000);

    await things.insertOne({ _id: "1", text });
    await things.updateOne({ _id: "1" }, { $set: { seen: true } });

    expect((await things.findOne({ seen: true }))?.["text"]).to.equal(text);
  });

  it("answers with nothing where nothing was ever written", async () => {
    const nothing = the.store.collection<Thing>("nothing");

    expect(await nothing.findOne({ _id: "1" })).to.equal(null);
    expect(await nothing.find({}).toArray()).to.deep.equal([]);
    expect(await nothing.countDocuments({})).to.equal(0);
    expect((await nothing.deleteMany({})).deletedCount).to.equal(0);
  });

  it("inserts what it can of many, in order or not, and says what it could not", async () => {
    const things = the.store.collection<Thing>("things");
    const rows = ["1", "2", "1", "3"].map((_id) => ({ _id }));

    const first = await rejection(things.insertMany(rows));
    const inOrder = await things.countDocuments({});
    const second = await rejection(things.insertMany(rows, { ordered: false }));

    expect(first).to.include({ name: "MongoBulkWriteError", code: 11000, insertedCount: 2 });
    expect(inOrder).to.equal(2);
    const failures = second["writeErrors"] as { index: number; code: number }[];
    expect(failures.map(({ index, code }) => [index, code])).to.deep.equal(
      [0, 1, 2].map((index) => [index, 11000]),
    );
    expect(await things.countDocuments({})).to.equal(3);
  });

  it("reports the ids of what it inserted", async () => {
    const things = the.store.collection<Thing>("things");

    const one = await things.insertOne({ _id: "1" });
    const many = await things.insertMany([{ _id: "2" }, { _id: "3" }]);

    expect(one.insertedId).to.equal("1");
    expect(many.insertedCount).to.equal(2);
    expect(many.insertedIds).to.deep.equal({ 0: "2", 1: "3" });
  });

  it("lists its collections", async () => {
    await the.store.collection<Thing>("a.b").insertOne({ _id: "1" });
    await the.store.ensureIndexes("c", [{ keys: { x: 1 } }]);

    expect((await the.store.collectionNames()).sort()).to.deep.equal(["a.b", "c"]);
  });

  it("tells how much room it takes", async () => {
    await the.store.collection<Thing>("a").insertOne({ _id: "1" });

    expect(await the.store.bytes()).to.be.greaterThan(0);
  });

  it("finds itself in good order", async () => {
    await the.store.collection<Thing>("a").insertOne({ _id: "1" });

    await the.store.check();
  });
}

function describeRefusals(open: OpenStore): void {
  const the = openCase(open);

  const filters: Record<string, object> = {
    "code as a query": { $where: "true" },
    "a text search": { $text: { $search: "x" } },
    "an expression": { $expr: { $eq: ["$a", "$b"] } },
    "a regular expression": { a: /x/ },
    "a $regex that is not about a beginning": { a: { $regex: "x" } },
    "a $regex of more than a beginning": { a: { $regex: "^x.*y" } },
    "operators on the elements of a list": { a: { $elemMatch: { $gte: "x", $lt: "y" } } },
    "an unknown operator": { a: { $near: 1 } },
    "a missing value": { a: undefined },
    "an empty alternative": { $or: [] },
    "a prototype": { ["__proto__.a"]: 1 },
  };
  for (const [what, filter] of Object.entries(filters)) {
    it(`refuses ${what} in a filter`, async () => {
      const things = the.store.collection<Thing>("things");

      expect(await rejection(things.findOne(filter))).to.be.instanceOf(TypeError);
      expect(() => things.find(filter)).to.throw(TypeError);
      expect(await rejection(things.deleteMany(filter))).to.be.instanceOf(TypeError);
    });
  }

  const updates: Record<string, object> = {
    "a whole replacement": { a: 1 },
    "a pipeline": [{ $set: { a: 1 } }],
    "an unknown operator": { $rename: { a: "b" } },
    "a clock of the server": { $currentDate: { a: true } },
    "a positional path": { $set: { "a.$.b": 1 } },
    "two changes of one path": { $set: { a: 1 }, $inc: { "a.b": 1 } },
    "a change of the id": { $set: { _id: "2" } },
    "no change at all": {},
  };
  for (const [what, update] of Object.entries(updates)) {
    it(`refuses ${what} in an update`, async () => {
      const things = the.store.collection<Thing>("things");
      await things.insertOne({ _id: "1", a: { b: 1 } });

      expect(await rejection(things.updateOne({ _id: "1" }, update))).to.be.instanceOf(TypeError);
      expect(await things.findOne({ _id: "1" })).to.deep.equal({ _id: "1", a: { b: 1 } });
    });
  }

  it("refuses a record without an id of ours, and an upsert that would need one", async () => {
    const things = the.store.collection<Thing>("things");

    const insert = await rejection(things.insertOne({ a: 1 } as unknown as Thing));
    const upsert = await rejection(
      things.updateOne({ a: 1 }, { $set: { b: 1 } }, { upsert: true }),
    );

    expect(insert).to.be.instanceOf(TypeError);
    expect(upsert).to.be.instanceOf(TypeError);
  });

  it("refuses to add to what is no number and to push to what is no list", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertOne({ _id: "1", a: "x" });

    const codes: unknown[] = [];
    const updates: object[] = [{ $inc: { a: 1 } }, { $push: { a: 1 } }, { $set: { "a.b": 1 } }];
    for (const update of updates) {
      codes.push((await rejection(things.updateOne({ _id: "1" }, update)))["code"]);
    }

    expect(codes).to.deep.equal([14, 2, 28]);
  });
}
