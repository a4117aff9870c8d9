import { expect } from "chai";
import { openCase, rejection, type OpenStore, type Thing } from "./store.conformance-support.js";

type Case = ReturnType<typeof openCase>;

/** Unique, compound, partial, multikey and expiring indexes. */
export function describeIndexes(open: OpenStore): void {
  const the = openCase(open);
  describeUnique(the);
  describePartial(the);
  describeUpkeep(the);
}

function describeUnique(the: Case): void {
  it("refuses a second record with the same id", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertOne({ _id: "1" });

    const error = await rejection(things.insertOne({ _id: "1" }));

    expect(error).to.include({ name: "MongoServerError", code: 11000 });
    expect(error["keyPattern"]).to.deep.equal({ _id: 1 });
  });

  it("refuses a second value in a unique index, by insert and by update, and changes nothing", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { city: 1, name: 1 }, unique: true }]);
    await things.insertOne({ _id: "1", city: "a", name: "x" });
    await things.insertOne({ _id: "2", city: "b", name: "x" });

    const insert = await rejection(things.insertOne({ _id: "3", city: "a", name: "x" }));
    const update = await rejection(things.updateOne({ _id: "2" }, { $set: { city: "a", n: 1 } }));

    expect(insert).to.include({ name: "MongoServerError", code: 11000 });
    expect(insert["keyPattern"]).to.deep.equal({ city: 1, name: 1 });
    expect(insert["keyValue"]).to.deep.equal({ city: "a", name: "x" });
    expect(update["code"]).to.equal(11000);
    expect(await things.findOne({ _id: "2" })).to.deep.equal({ _id: "2", city: "b", name: "x" });
    expect(await things.countDocuments({})).to.equal(2);
  });

  it("takes what is missing for a value of a unique index", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { mail: 1 }, unique: true }]);
    await things.insertOne({ _id: "1" });

    expect((await rejection(things.insertOne({ _id: "2", mail: null })))["code"]).to.equal(11000);
  });

  it("frees a unique value when its record goes or changes", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);
    await things.insertMany([
      { _id: "1", n: 1 },
      { _id: "2", n: 2 },
    ]);

    await things.deleteOne({ _id: "1" });
    await things.updateOne({ _id: "2" }, { $set: { n: 1 } });
    await things.insertOne({ _id: "3", n: 2 });

    expect(await things.countDocuments({ n: { $in: [1, 2] } })).to.equal(2);
  });

  it("keeps every element of a list unique across records, not within one", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { keys: 1 }, unique: true }]);
    await things.insertOne({ _id: "1", keys: ["a", "b", "a"] });

    const error = await rejection(things.insertOne({ _id: "2", keys: ["c", "b"] }));
    const pull: object = { $pull: { keys: "b" } };
    await things.updateOne({ _id: "1" }, pull);
    await things.insertOne({ _id: "2", keys: ["c", "b"] });

    expect(error["code"]).to.equal(11000);
    expect((await things.findOne({ keys: "b" }))?._id).to.equal("2");
  });

  it("reports a duplicate of an upsert", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);
    await things.insertOne({ _id: "1", n: 1 });

    const upsert = things.updateOne({ _id: "2" }, { $set: { n: 1 } }, { upsert: true });

    expect((await rejection(upsert))["code"]).to.equal(11000);
  });
}

function describePartial(the: Case): void {
  it("holds a partial unique index only against the records it covers", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [
      {
        keys: { mail: 1 },
        unique: true,
        partialFilterExpression: { mail: { $exists: true }, open: true },
      },
    ]);
    await things.insertMany([
      { _id: "1", mail: "a", open: true },
      { _id: "2", mail: "a", open: false },
      { _id: "3" },
      { _id: "4" },
    ]);

    const entering = await rejection(things.updateOne({ _id: "2" }, { $set: { open: true } }));
    await things.updateOne({ _id: "1" }, { $set: { open: false } });
    await things.updateOne({ _id: "2" }, { $set: { open: true } });

    expect(entering["code"]).to.equal(11000);
    expect((await things.findOne({ mail: "a", open: true }))?._id).to.equal("2");
    expect(await things.countDocuments({ mail: "a" })).to.equal(2);
  });

  it("answers from a partial index only what the index can know", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [
      { keys: { n: 1 }, partialFilterExpression: { n: { $gt: 5 } } },
    ]);
    await things.insertMany(Array.from({ length: 10 }, (_, n) => ({ _id: `${n}`, n })));

    expect(await things.countDocuments({ n: { $gt: 7 } })).to.equal(2);
    expect(await things.countDocuments({ n: { $gt: 3 } })).to.equal(6);
    expect(await things.countDocuments({ n: 2 })).to.equal(1);
    expect(await things.countDocuments({ n: { $in: [2, 8] } })).to.equal(2);
  });
}

function describeUpkeep(the: Case): void {
  it("builds an index over records that exist, changes it, and drops it", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany([
      { _id: "1", n: 1 },
      { _id: "2", n: 1 },
    ]);
    const made = await the.store.ensureIndexes("things", [{ keys: { n: 1 } }]);
    const again = await the.store.ensureIndexes("things", [{ keys: { n: 1 } }]);
    expect(made).to.deep.equal({ created: ["n_1"], dropped: [] });
    expect(again).to.deep.equal({ created: [], dropped: [] });

    const unique = the.store.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);
    expect((await rejection(unique))["code"]).to.equal(11000);
    await things.updateOne({ _id: "2" }, { $set: { n: 2 } });
    await the.store.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);
    expect((await rejection(things.insertOne({ _id: "3", n: 2 })))["code"]).to.equal(11000);
    const rest = await the.store.ensureIndexes("things", []);
    expect(rest).to.deep.equal({ created: [], dropped: ["n_1"] });
    await things.insertOne({ _id: "3", n: 2 });

    expect(await things.countDocuments({ n: 2 })).to.equal(2);
  });

  it("only adds, when told so by what may be older than others at work", async () => {
    await the.store.ensureIndexes("things", [
      { keys: { n: 1 } },
      { keys: { mail: 1 }, unique: true },
    ]);
    const added = await the.store.ensureIndexes(
      "things",
      [{ keys: { mail: 1 } }, { keys: { at: 1 } }],
      { onlyAdd: true },
    );
    expect(added).to.deep.equal({ created: ["at_1"], dropped: [] });

    const things = the.store.collection<Thing>("things");
    await things.insertOne({ _id: "1", mail: "a@mail.example" });
    const second = things.insertOne({ _id: "2", mail: "a@mail.example" });
    expect((await rejection(second))["code"]).to.equal(11000);
    const { dropped } = await the.store.ensureIndexes("things", []);
    expect([...dropped].sort()).to.deep.equal(["at_1", "mail_1", "n_1"]);
  });

  it("asks before each index that it would drop, and only then, whether it may be older than others", async () => {
    const declared = [{ keys: { n: 1 } }, { keys: { mail: 1 }, unique: true }] as const;
    await the.store.ensureIndexes("things", declared);
    const answers = [false, true];
    let asked = 0;
    const onlyAdd = async () => {
      asked += 1;
      return answers.shift() ?? true;
    };

    const same = await the.store.ensureIndexes("things", [...declared], { onlyAdd });
    expect([same, asked]).to.deep.equal([{ created: [], dropped: [] }, 0]);
    const changes = await the.store.ensureIndexes("things", [{ keys: { at: 1 } }], { onlyAdd });

    expect([changes.created, changes.dropped.length, asked]).to.deep.equal([["at_1"], 1, 2]);
    const [kept] = ["n_1", "mail_1"].filter((name) => !changes.dropped.includes(name));
    const { dropped } = await the.store.ensureIndexes("things", []);
    expect(dropped).to.have.members(["at_1", kept]);
  });

  it("drops no index that was made while it asked", async () => {
    await the.store.ensureIndexes("things", [{ keys: { n: 1 } }]);
    const onlyAdd = async () => {
      await the.store.ensureIndexes("things", [{ keys: { mail: 1 } }], { onlyAdd: true });
      return false;
    };

    const { dropped } = await the.store.ensureIndexes("things", [], { onlyAdd });

    expect(dropped).to.deep.equal(["n_1"]);
    expect((await the.store.ensureIndexes("things", [])).dropped).to.deep.equal(["mail_1"]);
  });

  it("accepts the declaration of an expiring index and keeps what is not due", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { at: 1 }, expireAfterSeconds: 60 }]);
    await the.store.ensureIndexes("things", [{ keys: { at: 1 }, expireAfterSeconds: 3600 }]);
    await things.insertOne({ _id: "1", at: new Date() });

    expect(await things.countDocuments({ at: { $lte: new Date() } })).to.equal(1);
  });

  it("refuses indexes that one of the stores could not keep", async () => {
    const refused = [
      [{ keys: {} }],
      [{ keys: { a: 1 as const }, partialFilterExpression: { a: { $ne: 1 } } }],
      [{ keys: { a: 1 as const, b: 1 as const }, expireAfterSeconds: 1 }],
      [{ keys: { a: 1 as const } }, { keys: { a: 1 as const }, unique: true }],
    ];
    for (const indexes of refused) {
      expect(await rejection(the.store.ensureIndexes("things", indexes))).to.be.instanceOf(
        TypeError,
      );
    }
  });
}
