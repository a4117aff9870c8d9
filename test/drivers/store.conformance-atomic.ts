import { expect } from "chai";
import { idsOf, openCase, type OpenStore, type Thing } from "./store.conformance-support.js";

type Case = ReturnType<typeof openCase>;

/** Updates, upserts, and many people at once. */
export function describeAtomicity(open: OpenStore): void {
  const the = openCase(open);
  describeUpdates(the);
  describeRaces(the);
}

const UPDATES: readonly [string, object, object, object][] = [
  [
    "sets and unsets, deep inside",
    { a: 1, b: { c: 1, d: 2 } },
    { $set: { "b.c": 5, "e.f": 1 }, $unset: { a: "", "b.d": "" } },
    { b: { c: 5 }, e: { f: 1 } },
  ],
  ["counts up and down", { n: 2 }, { $inc: { n: -3, m: 1.5 } }, { n: -1, m: 1.5 }],
  [
    "keeps the least and the greatest",
    { a: 5, b: 5, c: 5, d: 5 },
    { $min: { a: 3, b: 9, x: 1 }, $max: { c: 3, d: 9 } },
    { a: 3, b: 5, c: 5, d: 9, x: 1 },
  ],
  ["compares dates", { at: new Date(5) }, { $max: { at: new Date(9) } }, { at: new Date(9) }],
  ["pushes one", { l: [1] }, { $push: { l: [2], m: { x: 1 } } }, { l: [1, [2]], m: [{ x: 1 }] }],
  [
    "pushes several, sorted and cut",
    { l: [5, 1] },
    { $push: { l: { $each: [3, 9], $sort: -1, $slice: 3 } } },
    { l: [9, 5, 3] },
  ],
  [
    "keeps the newest",
    { l: [{ n: 1 }, { n: 2 }] },
    { $push: { l: { $each: [{ n: 3 }], $sort: { n: 1 }, $slice: -2 } } },
    { l: [{ n: 2 }, { n: 3 }] },
  ],
  [
    "adds to a set once",
    { s: ["a"] },
    { $addToSet: { s: { $each: ["a", "b", "b"] }, t: "x" } },
    { s: ["a", "b"], t: ["x"] },
  ],
  [
    "pulls by value and by condition",
    { l: [1, 2, 1], m: [{ k: "a", n: 1 }, { k: "b" }], p: [1, 5, 9] },
    { $pull: { l: 1, m: { k: "a" }, p: { $gt: 4 } } },
    { l: [2], m: [{ k: "b" }], p: [1] },
  ],
  [
    "reaches an element by its number",
    { l: [{ n: 1 }, { n: 2 }] },
    { $set: { "l.1.n": 7 } },
    { l: [{ n: 1 }, { n: 7 }] },
  ],
];

function describeUpdates(the: Case): void {
  for (const [what, before, update, after] of UPDATES) {
    it(`${what}`, async () => {
      const things = the.store.collection<Thing>("things");
      await things.insertOne({ _id: "1", ...before });

      const result = await things.updateOne({ _id: "1" }, update);

      const { _id, ...rest } = (await things.findOne({ _id: "1" })) as Thing;
      expect(rest).to.deep.equal(after);
      expect(result).to.include({ matchedCount: 1, modifiedCount: 1, upsertedCount: 0 });
    });
  }

  it("tells a match from a change", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany([{ _id: "1", n: 1 }, { _id: "2", n: 2 }, { _id: "3" }]);

    const result = await things.updateMany({ n: { $exists: true } }, { $set: { n: 2 } });
    const none = await things.updateOne({ _id: "9" }, { $set: { n: 2 } });

    expect(result).to.include({ matchedCount: 2, modifiedCount: 1 });
    expect(none).to.include({ matchedCount: 0, modifiedCount: 0, upsertedId: null });
  });

  it("inserts what an upsert describes, once", async () => {
    const things = the.store.collection<Thing>("things");
    const upsert = () =>
      things.updateOne(
        { _id: "1", city: { $eq: "a" } },
        { $inc: { n: 1 }, $setOnInsert: { "made.by": "x" } },
        { upsert: true },
      );

    const first = await upsert();
    const second = await upsert();

    expect(first).to.include({ matchedCount: 0, upsertedCount: 1, upsertedId: "1" });
    expect(second).to.include({ matchedCount: 1, upsertedCount: 0 });
    expect(await things.findOne({})).to.deep.equal({
      _id: "1",
      city: "a",
      n: 2,
      made: { by: "x" },
    });
  });

  it("gives back the record before or after, the first in order, shaped as asked", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany([
      { _id: "1", n: 1 },
      { _id: "2", n: 2 },
    ]);
    const take = (returnDocument: "before" | "after") =>
      things.findOneAndUpdate(
        { n: { $lt: 50 } },
        { $inc: { n: 100 } },
        { sort: { n: -1 }, returnDocument, projection: { n: 1, _id: 0 } },
      );

    expect(await take("before")).to.deep.equal({ n: 2 });
    expect(await take("after")).to.deep.equal({ n: 101 });
    expect(await take("after")).to.equal(null);
  });

  it("upserts and gives back: nothing before, the record after", async () => {
    const things = the.store.collection<Thing>("things");
    const upsert = (_id: string, returnDocument: "before" | "after") =>
      things.findOneAndUpdate({ _id }, { $inc: { n: 1 } }, { upsert: true, returnDocument });

    expect(await upsert("1", "before")).to.equal(null);
    expect(await upsert("2", "after")).to.deep.equal({ _id: "2", n: 1 });
  });

  it("deletes one or all that match", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany([
      { _id: "1", n: 1 },
      { _id: "2", n: 1 },
      { _id: "3", n: 1 },
      { _id: "4" },
    ]);

    expect((await things.deleteOne({ n: 1 })).deletedCount).to.equal(1);
    expect((await things.deleteMany({ n: 1 })).deletedCount).to.equal(2);
    expect(idsOf(await things.find({}).toArray())).to.deep.equal(["4"]);
  });
}

function describeRaces(the: Case): void {
  it("counts a hundred supports that arrive at once", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertOne({ _id: "1", n: 0 });

    const results = await Promise.all(
      Array.from({ length: 100 }, () =>
        things.findOneAndUpdate({ _id: "1" }, { $inc: { n: 1 } }, { returnDocument: "after" }),
      ),
    );

    expect(new Set(results.map((row) => row?.["n"])).size).to.equal(100);
    expect((await things.findOne({ _id: "1" }))?.["n"]).to.equal(100);
  });

  it("lets one of twenty workers have each job", async () => {
    const jobs = the.store.collection<Thing>("jobs");
    await the.store.ensureIndexes("jobs", [{ keys: { state: 1, at: 1 } }]);
    await jobs.insertMany(
      Array.from({ length: 10 }, (_, n) => ({ _id: `${n}`, state: "new", at: n })),
    );

    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, worker) =>
        jobs.findOneAndUpdate(
          { state: "new" },
          { $set: { state: "taken", worker } },
          { sort: { at: 1 }, returnDocument: "after" },
        ),
      ),
    );

    const won = claims.flatMap((job) => (job ? [job._id] : []));
    expect(won.length).to.equal(10);
    expect(new Set(won).size).to.equal(10);
  });

  // Five, not more: where two inserts wait for each other, some servers find out after a second for each.
  it("lets one of five have a name, and tells the others that it is taken", async () => {
    const names = the.store.collection<Thing>("names");
    await the.store.ensureIndexes("names", [{ keys: { name: 1 }, unique: true }]);

    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) => names.insertOne({ _id: `${n}`, name: "mairie" })),
    );

    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused.map(({ reason }) => (reason as { code?: unknown }).code)).to.deep.equal(
      Array.from({ length: 4 }, () => 11000),
    );
    expect(await names.countDocuments({})).to.equal(1);
  });

  it("makes one record of five upserts at once, and counts each of them", async () => {
    const things = the.store.collection<Thing>("things");

    await Promise.all(
      Array.from({ length: 5 }, () =>
        things.updateOne({ _id: "1" }, { $inc: { n: 1 } }, { upsert: true }),
      ),
    );

    expect(await things.find({}).toArray()).to.deep.equal([{ _id: "1", n: 5 }]);
  });

  it("shows a write to whoever reads after it", async () => {
    const things = the.store.collection<Thing>("things");
    for (let n = 0; n < 20; n += 1) {
      await things.updateOne({ _id: "1" }, { $set: { n } }, { upsert: true });
      expect((await things.findOne({ _id: "1" }))?.["n"]).to.equal(n);
    }
  });
}
