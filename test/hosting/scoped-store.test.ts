import { expect } from "chai";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import type {
  Collection,
  Filter,
  Store,
  UpdateFilter,
} from "../../src/drivers/store/collection.js";
import { scopedCollection, scopedIndexes } from "../../src/hosting/scoped-store.js";
import { defineCollection } from "../../src/kit/index.js";
import { changed } from "../support/faults.js";

interface Note {
  readonly _id: string;
  readonly text: string;
  readonly seen?: number;
  readonly instanceId?: string;
}

const notes = defineCollection<Note>("notes", [
  { keys: { text: 1 }, unique: true },
  { keys: { seen: -1 } },
]);

describe("The store as one instance sees it", () => {
  let store: Store;
  let a: Collection<Note>;
  let b: Collection<Note>;
  let all: Collection<Note>;

  beforeEach(async () => {
    store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
    await store.ensureIndexes("notes", scopedIndexes(notes.indexes));
    a = scopedCollection(store, "a", notes);
    b = scopedCollection(store, "b", notes);
    all = store.collection<Note>("notes");
    await a.insertMany([
      { _id: "a1", text: "one", seen: 1 },
      { _id: "a2", text: "two", seen: 2 },
    ]);
    await b.insertMany([{ _id: "b1", text: "one", seen: 1 }]);
  });
  afterEach(() => store.close());

  const rowsOf = (instanceId: string): Promise<Note[]> =>
    all.find({ instanceId } as Filter<Note>, { sort: { _id: 1 } }).toArray();

  const reaching: ReadonlyArray<readonly [string, object]> = [
    ["everything", {}],
    ["another's id", { _id: "b1" }],
    ["another instance by name", { instanceId: "b" }],
    ["any instance", { instanceId: { $exists: true } }],
    ["one of several", { instanceId: { $in: ["a", "b"] } }],
    ["not our own", { instanceId: { $ne: "a" } }],
    ["either", { $or: [{ instanceId: "b" }, { _id: "b1" }] }],
    ["both", { $and: [{ instanceId: "b" }] }],
    ["either, nested", { $and: [{ $or: [{ instanceId: "b" }, { text: "one" }] }] }],
    ["neither", { $nor: [{ instanceId: "a" }] }],
    ["what is no string", { instanceId: null }],
  ];

  for (const [what, filter] of reaching) {
    it(`reads, changes and removes nothing of another instance when asked for ${what}`, async () => {
      const wanted = filter as Filter<Note>;
      const before = await rowsOf("b");

      const read = await a.find(wanted).toArray();
      const one = await a.findOne(wanted);
      const count = await a.countDocuments(wanted);
      await a.updateOne(wanted, { $set: { seen: 9 } });
      await a.updateMany(wanted, { $set: { seen: 9 } });
      const changed = await a.findOneAndUpdate(wanted, { $inc: { seen: 1 } }, {});
      await a.deleteOne(wanted);
      await a.deleteMany(wanted);

      const ids = [...read, one, changed].map((row) => row?._id ?? "a");
      expect(ids.every((id) => id.startsWith("a"))).to.equal(true);
      expect(count).to.be.lessThan(3);
      expect(await rowsOf("b")).to.deep.equal(before);
    });
  }

  it("counts its own rows alone, asked without a filter", async () => {
    expect([await a.countDocuments(), await b.countDocuments()]).to.deep.equal([2, 1]);
  });

  it("inserts under its own name, whatever a row says", async () => {
    await a.insertOne({ _id: "a3", text: "three", instanceId: "b" });
    await a.insertMany([{ _id: "a4", text: "four", instanceId: "b" }]);

    expect((await rowsOf("a")).map(({ _id }) => _id)).to.deep.equal(["a1", "a2", "a3", "a4"]);
    expect(await rowsOf("b")).to.have.length(1);
  });

  it("makes a missing row in its own instance alone", async () => {
    const wanted = { _id: "new", instanceId: "b" } as Filter<Note>;

    await a.updateOne(wanted, { $set: { text: "new" } }, { upsert: true });
    const other = { _id: "new2" } as Filter<Note>;
    await a.findOneAndUpdate(other, { $set: { text: "new2" } }, { upsert: true });

    expect((await rowsOf("a")).map(({ _id }) => _id)).to.deep.equal(["a1", "a2", "new", "new2"]);
    expect(await rowsOf("b")).to.have.length(1);
  });

  it("cannot take over a row of another instance by making one of its id", async () => {
    const before = await rowsOf("b");
    const taken = { _id: "b1" } as Filter<Note>;

    const outcome = await a
      .updateOne(taken, { $set: { text: "mine" } }, { upsert: true })
      .catch((error: unknown) => error);

    expect(outcome).to.include({ code: 11000 });
    expect(await rowsOf("b")).to.deep.equal(before);
  });

  const moving: readonly object[] = [
    { $set: { instanceId: "b" } },
    { $set: { text: "x", "instanceId.x": "b" } },
    { $unset: { instanceId: "" } },
    { $setOnInsert: { instanceId: "b" } },
    { $inc: { instanceId: 1 } },
    { $min: { instanceId: "0" } },
    { $push: { "instanceId.0": "b" } },
    { $rename: { instanceId: "was" } },
    { $rename: { text: "instanceId" } },
    { instanceId: "b", text: "replaced" },
  ];
  for (const update of moving) {
    it(`never moves a row by ${JSON.stringify(update)}`, async () => {
      const before = await rowsOf("a");
      const asked = update as UpdateFilter<Note>;
      const tries: ReadonlyArray<() => Promise<unknown>> = [
        () => a.updateOne({ _id: "a1" }, asked),
        () => a.updateMany({}, asked),
        () => a.updateOne({ _id: "z" }, asked, { upsert: true }),
        () => a.findOneAndUpdate({ _id: "a1" }, asked, {}),
      ];

      for (const attempt of tries) {
        const outcome = await Promise.resolve()
          .then(attempt)
          .then(
            () => "accepted",
            () => "refused",
          );
        expect(outcome).to.equal("refused");
      }
      expect(await rowsOf("a")).to.deep.equal(before);
    });
  }

  it("puts the instance first in every index but those that only age rows", () => {
    const stored = scopedIndexes([
      ...notes.indexes,
      { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
    ]);

    expect(stored.map(({ keys }) => Object.keys(keys))).to.deep.equal([
      ["instanceId", "text"],
      ["instanceId", "seen"],
      ["expiresAt"],
    ]);
    expect(stored[0]?.unique).to.equal(true);
  });

  it("lets two instances use the same unique value, and one only once", async () => {
    const twice = await a.insertOne({ _id: "a9", text: "one" }).catch((error: unknown) => error);

    expect(twice).to.include({ code: 11000 });
    expect(await b.findOne({ text: "one" })).to.include({ _id: "b1" });
  });

  it("tries once more when two requests make the same row at once", async () => {
    let collisions = 0;
    const racing: Store = {
      ...store,
      collection: <T extends Note>(name: string) => {
        const inner = store.collection<T>(name);
        return changed(inner, {
          findOneAndUpdate: (async (...asked: Parameters<typeof inner.findOneAndUpdate>) => {
            collisions += 1;
            if (collisions === 1) throw Object.assign(new Error("E11000"), { code: 11000 });
            return inner.findOneAndUpdate(...asked);
          }) as typeof inner.findOneAndUpdate,
        });
      },
    } as Store;
    const scoped = scopedCollection(racing, "a", notes);

    const made = await scoped.findOneAndUpdate(
      { _id: "tally" },
      { $inc: { seen: 1 } },
      { upsert: true, returnDocument: "after" },
    );

    expect(made).to.include({ _id: "tally", seen: 1 });
  });
});
