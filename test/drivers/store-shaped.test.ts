import { expect } from "chai";
import fc from "fast-check";
import Database from "libsql";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Document } from "../../src/drivers/store/collection.js";
import type { Shape } from "../../src/drivers/store/shape.js";
import { openSqliteStore, type SqliteStore } from "../../src/drivers/store/sqlite.js";
import { idsOf, rejection, type Thing } from "./store.conformance-support.js";

const shape: Shape = {
  lane: { type: "text" },
  at: { type: "number" },
  tries: { type: "number", or: "absent" },
  owner: { type: "text", or: "null" },
  more: { type: "json" },
};
const indexes = [{ keys: { lane: 1, at: -1 } }] as const;

const row = (_id: string, over: Document = {}): Thing => ({
  ...{ _id, lane: "a", at: 1, owner: null, more: {} },
  ...over,
});

async function shaped(): Promise<SqliteStore> {
  const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  await store.ensureIndexes("jobs", indexes, { shape });
  return store;
}

const text = fc.constantFrom("", "a", "b", "é", "😀", "\uf900", "it's", '"?"');
const number = fc.constantFrom(-1, 0, 1, 0.5, 1_790_000_000_000);
const anyRow = fc.record(
  {
    ...{ lane: text, at: number, tries: number, owner: fc.oneof(text, fc.constant(null)) },
    more: fc.oneof(fc.constant({}), fc.record({ x: number, y: text }), fc.constant([1, "b", null])),
  },
  { requiredKeys: ["lane", "at", "owner", "more"], noNullPrototype: true },
);
const id = fc.constantFrom("r0", "r1", "r2", "r3", "nobody");
const condition = fc.oneof(
  fc.record({ lane: text }),
  fc.record({ lane: number }),
  fc.record({ at: fc.record({ $gte: number, $lt: number }) }),
  fc.record({ at: fc.record({ $lte: fc.oneof(number, text) }) }),
  fc.record({ owner: fc.oneof(text, fc.constant(null)) }),
  fc.record({ tries: fc.oneof(number, fc.constant(null)) }),
  fc.record({ tries: fc.record({ $exists: fc.boolean() }) }),
  fc.record({
    owner: fc.record({ $in: fc.array(fc.oneof(text, fc.constant(null)), { maxLength: 5 }) }),
  }),
  fc.record({ _id: fc.record({ $in: fc.array(id, { maxLength: 6 }) }) }),
  fc.record({ _id: id, lane: text }),
  fc.constant({}),
);
const filter: fc.Arbitrary<Document> = fc.oneof(
  { weight: 4, arbitrary: condition },
  fc.array(condition, { minLength: 1, maxLength: 3 }).map(($or) => ({ $or })),
  fc.array(condition, { minLength: 1, maxLength: 3 }).map(($and) => ({ $and })),
);
const update: fc.Arbitrary<Document> = fc.oneof(
  fc.record({ $set: fc.record({ at: number, owner: fc.oneof(text, fc.constant(null)) }) }),
  fc.record({
    $set: fc.record({ lane: text }),
    $inc: fc.record({ tries: fc.integer({ min: -1, max: 2 }) }),
  }),
  fc.record({ $unset: fc.constant({ tries: "" }) }),
);
const way = fc.constantFrom(1 as const, -1 as const);
const sort = fc.oneof(
  fc.record({ at: way, _id: way }),
  fc.record({ lane: way, owner: way, _id: way }),
);

describe("Rows that have a shape", () => {
  it("are found, counted, changed and removed as documents are", async function () {
    this.timeout(30_000);
    const run = async (
      store: SqliteStore,
      [docs, f, s, u, many]: readonly [
        readonly Document[],
        Document,
        Record<string, 1 | -1>,
        Document,
        boolean,
      ],
    ) => {
      const jobs = store.collection<Thing>("jobs");
      await jobs.insertMany(docs.map((doc, n) => ({ _id: `r${n}`, ...doc })));
      const found = await jobs.find(f, { sort: s, skip: 1, limit: 5 }).toArray();
      const counted = await jobs.countDocuments(f);
      const few = await jobs.countDocuments(f, { limit: 2 });
      const one = await jobs.findOneAndUpdate(f, u, { sort: s, returnDocument: "after" });
      const { matchedCount, modifiedCount } = await (many
        ? jobs.updateMany(f, u)
        : jobs.updateOne({ ...f, _id: "r1" }, u));
      const changed = await jobs.find({}, { sort: { _id: 1 } }).toArray();
      const { deletedCount } = await (many ? jobs.deleteMany(f) : jobs.deleteOne({ _id: "r2" }));
      const left = idsOf(
        await jobs.find({}, { sort: { _id: -1 }, projection: { _id: 1 } }).toArray(),
      );
      await store.close();
      return { found, counted, few, one, matchedCount, modifiedCount, changed, deletedCount, left };
    };
    const docs = fc.array(anyRow, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(docs, filter, sort, update, fc.boolean()), async (asked) => {
        const documents = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
        expect(await run(await shaped(), asked)).to.deep.equal(await run(documents, asked));
      }),
      { seed: 20_261_128, numRuns: 250 },
    );
  });

  it("take only one row of an id, and say which they refused", async () => {
    const store = await shaped();
    const jobs = store.collection<Thing>("jobs");
    await jobs.insertOne(row("a"));

    const single = await rejection(jobs.insertOne(row("a")));
    const several = await rejection(
      jobs.insertMany([row("b"), row("a"), row("c"), row("b")], { ordered: false }),
    );
    const inOrder = await rejection(jobs.insertMany([row("d"), row("a"), row("e")]));
    const kept = idsOf(await jobs.find({}, { sort: { _id: 1 } }).toArray());
    await store.close();

    expect(single).to.include({ code: 11000 });
    expect(several["writeErrors"]).to.have.length(2);
    expect((several["writeErrors"] as { index: number }[]).map(({ index }) => index)).to.eql([
      1, 3,
    ]);
    expect(inOrder["insertedCount"]).to.equal(1);
    expect(kept).to.deep.equal(["a", "b", "c", "d"]);
  });

  const refused: readonly [string, (store: SqliteStore) => Promise<unknown>][] = [
    [
      "a field that they have not",
      (s) => s.collection<Thing>("jobs").insertOne(row("a", { x: 1 })),
    ],
    [
      "a value of another type",
      (s) => s.collection<Thing>("jobs").insertOne(row("a", { at: "1" })),
    ],
    ["no number", (s) => s.collection<Thing>("jobs").insertOne(row("a", { at: Number.NaN }))],
    ["a missing field", (s) => s.collection<Thing>("jobs").insertOne({ _id: "a", lane: "a" })],
    ["a text with a NUL", (s) => s.collection<Thing>("jobs").insertOne(row("a", { lane: "a\0b" }))],
    ["half a character", (s) => s.collection<Thing>("jobs").insertOne(row("a\ud800"))],
    ["a question about JSON", (s) => s.collection<Thing>("jobs").find({ more: 1 }).toArray()],
    ["a question about no field", (s) => s.collection<Thing>("jobs").find({ x: 1 }).toArray()],
    [
      "an operator beyond them",
      (s) =>
        s
          .collection<Thing>("jobs")
          .find({ at: { $ne: 1 } })
          .toArray(),
    ],
    [
      "a field name made of SQL",
      (s) => s.collection<Thing>("jobs").find({ 'at" OR 1': 1 }).toArray(),
    ],
    [
      "a change of a field that they have not",
      (s) => s.collection<Thing>("jobs").updateMany({}, { $set: { x: 1 } }),
    ],
    [
      "a change to another type",
      (s) => s.collection<Thing>("jobs").updateMany({}, { $set: { at: null } }),
    ],
    [
      "an upsert",
      (s) =>
        s.collection<Thing>("jobs").updateOne({ _id: "a" }, { $set: { at: 1 } }, { upsert: true }),
    ],
    ["a unique index", (s) => s.ensureIndexes("jobs", [{ keys: { at: 1 }, unique: true }])],
    ["an index on JSON", (s) => s.ensureIndexes("jobs", [{ keys: { more: 1 } }])],
    [
      "a column named by SQL",
      (s) => s.ensureIndexes("j", [], { shape: { 'a"': { type: "text" } } }),
    ],
  ];
  for (const [what, ask] of refused) {
    it(`refuse ${what}, and nothing is written`, async () => {
      const store = await shaped();
      await store.collection<Thing>("jobs").insertOne(row("before"));

      const error = await rejection(ask(store));
      const kept = await store.collection<Thing>("jobs").find({}).toArray();
      await store.close();

      expect(error).to.be.instanceOf(TypeError);
      expect(kept).to.deep.equal([row("before")]);
    });
  }

  it("tell of their indexes, and change them", async () => {
    const store = await shaped();
    await store.collection<Thing>("jobs").insertMany([row("a"), row("b", { at: 2 })]);

    const changed = await store.ensureIndexes("jobs", [{ keys: { owner: 1 } }]);
    const present = await store.indexesOf("jobs");
    await store.check({ full: true });
    await store.close();

    expect(changed).to.deep.equal({ created: ["owner_1"], dropped: ["lane_1_at_-1"] });
    expect(present).to.deep.equal([{ keys: { owner: 1 } }]);
  });

  describe("in a file", () => {
    let folder = "";
    beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "parvis-shape-"))));
    afterEach(() => rm(folder, { recursive: true, force: true }));
    const open = (): SqliteStore => openSqliteStore(join(folder, "a.db"), { ttlIntervalMs: 0 });

    it("are kept when documents get a shape, and when a shape changes", async () => {
      const store = open();
      await store.collection<Thing>("jobs").insertMany([row("a", { tries: 2 }), row("b")]);

      await store.ensureIndexes("jobs", indexes, { shape });
      const wider: Shape = { ...shape, until: { type: "number", or: "absent" } };
      await store.ensureIndexes("jobs", indexes, { shape: wider });
      // A process of an earlier release comes later, and takes nothing away.
      await store.ensureIndexes("jobs", indexes, { shape, onlyAdd: true });
      await store.collection<Thing>("jobs").updateOne({ _id: "b" }, { $set: { until: 5 } });
      await store.close();
      const again = open();
      const kept = await again
        .collection<Thing>("jobs")
        .find({}, { sort: { _id: 1 } })
        .toArray();
      await again.check({ full: true });
      await again.close();

      expect(kept).to.deep.equal([row("a", { tries: 2 }), row("b", { until: 5 })]);
    });

    it("are seen by another process that opened the file before they had a shape", async () => {
      const [one, other] = [open(), open()];
      await other.collection<Thing>("jobs").insertOne(row("a"));

      await one.ensureIndexes("jobs", indexes, { shape });
      await one.collection<Thing>("jobs").insertOne(row("b"));
      await other.collection<Thing>("jobs").updateMany({ lane: "a" }, { $set: { at: 7 } });
      const found = await one
        .collection<Thing>("jobs")
        .find({ at: 7 }, { sort: { _id: 1 } })
        .toArray();
      await Promise.all([one.close(), other.close()]);

      expect(idsOf(found)).to.deep.equal(["a", "b"]);
    });

    it("may come to a file of the layout before there were shapes", async () => {
      const store = open();
      await store.collection<Thing>("jobs").insertOne(row("a"));
      await store.close();
      const db = new Database(join(folder, "a.db"));
      db.exec("ALTER TABLE parvis_collections DROP COLUMN shape; PRAGMA user_version = 1");
      db.close();

      const again = open();
      await again.ensureIndexes("jobs", indexes, { shape });
      const kept = await again.collection<Thing>("jobs").find({}).toArray();
      await again.close();

      expect(kept).to.deep.equal([row("a")]);
    });
  });
});
