import { expect } from "chai";
import Database from "libsql";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  openSqliteStore,
  type ScanInfo,
  type SqliteStore,
} from "../../src/drivers/store/sqlite.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { until } from "./queue.conformance.js";
import { idsOf, rejection, type Thing } from "./store.conformance-support.js";

async function seeded(onScan: (info: ScanInfo) => void): Promise<SqliteStore> {
  const store = openSqliteStore(":memory:", { ttlIntervalMs: 0, onScan });
  await store.ensureIndexes("proposals", [
    { keys: { city: 1, topic: 1, at: -1, _id: -1 } },
    { keys: { city: 1, terms: 1 } },
    { keys: { slug: 1 }, unique: true, partialFilterExpression: { slug: { $exists: true } } },
  ]);
  const rows = Array.from({ length: 600 }, (_, n) => ({
    _id: `${n}`,
    city: "a",
    topic: `t${n % 3}`,
    at: new Date(n),
    terms: [`w${n % 10}`, `v${n % 4}`],
    slug: `s${n}`,
  }));
  await store.collection<Thing>("proposals").insertMany(rows);
  return store;
}

describe("The embedded store, watched for slow queries", () => {
  const served: readonly [string, object, Record<string, 1 | -1>][] = [
    ["one by id", { _id: "5" }, {}],
    ["one by a partial unique index", { slug: "s5" }, {}],
    ["a list in order", { city: "a", topic: "t1" }, { at: -1 }],
    ["a list in the opposite order", { city: "a", topic: "t1" }, { at: 1, _id: 1 }],
    ["a list of several topics", { city: "a", topic: { $in: ["t1", "t2"] } }, { at: -1 }],
    ["the start of a word", { city: "a", terms: { $regex: "^w1" } }, {}],
    [
      "a next page",
      {
        city: "a",
        topic: "t1",
        $or: [{ at: { $lt: new Date(100) } }, { at: new Date(100), _id: { $lt: "99" } }],
      },
      { at: -1, _id: -1 },
    ],
    ["everything", {}, {}],
  ];
  for (const [what, filter, sort] of served) {
    it(`answers ${what} without complaint`, async () => {
      const scans: ScanInfo[] = [];
      const store = await seeded((info) => scans.push(info));

      const found = await store.collection<Thing>("proposals").find(filter, { sort }).toArray();
      await store.close();

      expect(found.length).to.be.greaterThan(0);
      expect(scans).to.deep.equal([]);
    });
  }

  it("complains of a filter that no index serves, of a large sort, and of a range of anybody's rows", async () => {
    const scans: ScanInfo[] = [];
    const store = await seeded((info) => scans.push(info));
    const proposals = store.collection<Thing>("proposals");

    await proposals.find({ colour: "red" }).toArray();
    await proposals.find({ city: "a" }, { sort: { colour: 1 }, limit: 5 }).toArray();
    await proposals.find({ colour: "red", _id: { $gt: "5" } }, { sort: { _id: 1 } }).toArray();
    await proposals.find({ _id: { $gt: "5" } }, { sort: { _id: 1 } }).toArray();
    await store.close();

    expect(scans.map(({ filter, sort }) => [filter, sort])).to.deep.equal([
      [{ colour: "red" }, {}],
      [{ city: "a" }, { colour: 1 }],
      [{ colour: "red", _id: { $gt: "5" } }, { _id: 1 }],
    ]);
  });
});

describe("The embedded store, as time passes", () => {
  it("removes what has expired, and leaves what was renewed or has no date", async () => {
    let now = new Date("2026-01-01T00:00:00Z");
    const store = openSqliteStore(":memory:", { ttlIntervalMs: 0, now: () => now });
    await store.ensureIndexes("sessions", [{ keys: { until: 1 }, expireAfterSeconds: 60 }]);
    const sessions = store.collection<Thing>("sessions");
    await sessions.insertMany([
      ...Array.from({ length: 450 }, (_, n) => ({ _id: `old${n}`, until: now })),
      { _id: "renewed", until: now },
      { _id: "endless" },
      { _id: "text", until: "2000-01-01" },
    ]);

    now = new Date("2026-01-01T00:00:59Z");
    const early = await store.sweep();
    await sessions.updateOne({ _id: "renewed" }, { $set: { until: now } });
    now = new Date("2026-01-01T00:01:00Z");
    const due = await store.sweep();
    const left = await sessions.find({}, { sort: { _id: 1 } }).toArray();
    await store.close();

    expect([early, due]).to.deep.equal([0, 450]);
    expect(idsOf(left)).to.deep.equal(["endless", "renewed", "text"]);
  });

  it("sweeps by itself", async () => {
    const store = openSqliteStore(":memory:", { ttlIntervalMs: 5 });
    await store.ensureIndexes("sessions", [{ keys: { until: 1 }, expireAfterSeconds: 0 }]);
    const sessions = store.collection<Thing>("sessions");
    await sessions.insertOne({ _id: "1", until: new Date(0) });

    await until(async () => (await sessions.countDocuments({})) === 0);

    await store.close();
  });
});

describe("The embedded store, on disk", () => {
  let path: string;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "parvis-store-"));
    path = join(folder, "store.db");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("gives back after reopening what was written before", async () => {
    const first = openSqliteStore(path);
    await first.ensureIndexes("things", [{ keys: { tags: 1 } }]);
    await first.collection<Thing>("things").insertOne({ _id: "1", tags: ["a"], at: new Date(5) });
    await first.close();

    const second = openSqliteStore(path);
    const found = await second.collection<Thing>("things").find({ tags: "a" }).toArray();
    await second.close();

    expect(found).to.deep.equal([{ _id: "1", tags: ["a"], at: new Date(5) }]);
  });

  it("serves two openings of one file: each sees the other's rows, indexes and lists", async () => {
    const [one, two] = [openSqliteStore(path), openSqliteStore(path)];
    const [here, there] = [one.collection<Thing>("things"), two.collection<Thing>("things")];
    await Promise.all([here.insertOne({ _id: "1", n: 1 }), there.insertOne({ _id: "2", n: 2 })]);
    await one.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);

    const duplicate = await rejection(there.insertOne({ _id: "3", n: 1 }));
    await there.insertOne({ _id: "4", n: [7, 8] });
    const found = await here.find({ n: { $gt: 0 } }, { sort: { n: 1 } }).toArray();
    const writes = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? here : there).insertOne({ _id: `w${i}`, n: 100 + i }),
    );
    await Promise.all(writes);
    await one.check({ full: true });
    await Promise.all([one.close(), two.close()]);

    expect(duplicate["code"]).to.equal(11000);
    expect(idsOf(found)).to.deep.equal(["1", "2", "4"]);
  });

  it("neither reads nor writes a file that a newer release has raised, and says so each time", async () => {
    const store = openSqliteStore(path);
    const things = store.collection<Thing>("things");
    await things.insertOne({ _id: "1" });
    const newer = new Database(path);
    newer.exec(`CREATE TABLE "of a newer release" (n); PRAGMA user_version = 1000`);

    const asked = [
      () => things.insertOne({ _id: "2" }),
      () => things.findOne({ _id: "1" }),
      () => things.updateOne({ _id: "1" }, { $set: { n: 1 } }),
      () => store.ensureIndexes("things", []),
      () => store.check(),
    ];
    const refused: unknown[] = [];
    for (const ask of [...asked, ...asked]) {
      refused.push(
        await ask().then(
          () => "done",
          (error: unknown) => error,
        ),
      );
    }
    const rows = newer.prepare(`SELECT count(*) AS n FROM "d:things"`).get();
    newer.close();
    await store.close();

    expect(refused.map((error) => isStoreUnavailable(error))).to.deep.equal(
      refused.map(() => true),
    );
    expect(String(refused[0])).to.contain("written by a newer release (layout 1000");
    expect((rows as { n: number }).n).to.equal(1);
  });

  it("keeps every proposal when two processes publish in turns", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parvis-"));
    const path = join(folder, "store.db");
    const [one, other] = [openSqliteStore(path), openSqliteStore(path)];

    for (let n = 0; n < 6; n += 1) {
      const store = n % 3 === 0 ? other : one;
      await store.collection<Thing>("proposals").insertOne({ _id: `${n}` });
    }

    const found = await other.collection<Thing>("proposals").find({}).toArray();
    await one.check({ full: true });
    await Promise.all([one.close(), other.close()]);
    await rm(folder, { recursive: true });
    expect(idsOf(found)).to.have.members(["0", "1", "2", "3", "4", "5"]);
  });

  it("waits for a file that another process holds, without losing a write", async () => {
    const store = openSqliteStore(path);
    const things = store.collection<Thing>("things");
    await things.insertOne({ _id: "1" });
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");

    const write = things.insertOne({ _id: "2" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    other.exec("COMMIT");
    other.close();
    await write;
    const total = await things.countDocuments({});
    await store.close();

    expect(total).to.equal(2);
  });

  it("finishes what it was asked before it closes, and refuses what comes after", async () => {
    const store = openSqliteStore(path);
    const things = store.collection<Thing>("things");

    const write = things.insertOne({ _id: "1" });
    await store.close();
    await write;

    expect((await rejection(things.insertOne({ _id: "2" }))).message).to.contain("closed");
  });

  it("says what is wrong with a damaged index", async () => {
    const store = openSqliteStore(path);
    await store.ensureIndexes("things", [{ keys: { n: 1 } }]);
    await store.collection<Thing>("things").insertMany([
      { _id: "1", n: 1 },
      { _id: "2", n: 2 },
    ]);
    await store.close();
    const other = new Database(path);
    other.exec('DELETE FROM "i:things:n_1" WHERE rid = 2');
    other.close();

    const damaged = openSqliteStore(path);
    const error = await rejection(damaged.check());
    await damaged.close();

    expect(error.message).to.contain("things.n_1 does not lead to 2");
  });

  it("refuses a file that a newer release wrote", async () => {
    const other = new Database(path);
    other.exec("PRAGMA user_version = 99");
    other.close();

    expect(() => openSqliteStore(path)).to.throw("newer release");
  });

  it("undoes only the refused one of many writes made at once", async () => {
    const store = openSqliteStore(path);
    const things = store.collection<Thing>("things");

    const outcomes = await Promise.allSettled(
      ["1", "2", "1", "3"].map((_id) => things.insertOne({ _id })),
    );
    const total = await things.countDocuments({});
    await store.close();

    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(total).to.equal(3);
  });

  it("undoes all of a change that is refused half-way, and nothing of those beside it", async () => {
    const store = openSqliteStore(path);
    await store.ensureIndexes("things", [{ keys: { name: 1 }, unique: true }]);
    const things = store.collection<Thing>("things");
    await things.insertMany([
      { _id: "1", name: "a" },
      { _id: "2", name: "b" },
    ]);

    const outcomes = await Promise.allSettled([
      things.insertOne({ _id: "3", name: "c" }),
      things.updateMany({ name: { $in: ["a", "b"] } }, { $set: { name: "same" } }),
      things.insertOne({ _id: "4", name: "d" }),
    ]);
    const names = await things.find({}, { sort: { _id: 1 } }).toArray();
    await store.check({ full: true });
    await store.close();

    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(names.map(({ name }) => name)).to.deep.equal(["a", "b", "c", "d"]);
  });
});

describe("The embedded store's keys", () => {
  let store: SqliteStore;
  beforeEach(async () => (store = await seeded(() => undefined)));
  afterEach(() => store.close());

  it("leaves an id free whose document was refused for another key", async () => {
    const proposals = store.collection<Thing>("proposals");

    const refused = await rejection(proposals.insertOne({ _id: "new", slug: "s5" }));
    await proposals.insertOne({ _id: "new", slug: "s600" });

    expect(refused).to.include({ code: 11000 });
    expect(idsOf(await proposals.find({ slug: "s600" }).toArray())).to.deep.equal(["new"]);
    await store.check({ full: true });
  });

  it("says that an id is taken before it says so of any other key", async () => {
    const refused = await rejection(
      store.collection<Thing>("proposals").insertOne({ _id: "5", slug: "s6" }),
    );

    expect(refused).to.have.deep.property("keyPattern", { _id: 1 });
  });

  it("finds a document by what was changed of it and by what was not", async () => {
    const proposals = store.collection<Thing>("proposals");

    const two = { $set: { at: new Date(9_000), slug: "moved" } };
    await rejection(proposals.updateMany({ topic: "t1" }, two));
    await proposals.updateOne({ _id: "4" }, { $set: { topic: "t9" }, $unset: { slug: "" } });
    await proposals.updateOne({ _id: "7" }, { $set: { at: new Date(9_000) } });

    expect(idsOf(await proposals.find({ city: "a", topic: "t9" }).toArray())).to.deep.equal(["4"]);
    expect(idsOf(await proposals.find({ slug: "s4" }).toArray())).to.deep.equal([]);
    expect(idsOf(await proposals.find({ slug: "moved" }).toArray())).to.deep.equal([]);
    const newest = proposals.find({ city: "a", topic: "t1" }, { sort: { at: -1 }, limit: 1 });
    expect(idsOf(await newest.toArray())).to.deep.equal(["7"]);
    await store.check({ full: true });
  });
});
