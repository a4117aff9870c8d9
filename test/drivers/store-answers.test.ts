import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openSqliteStore, type SqliteStore } from "../../src/drivers/store/sqlite.js";

interface Idea {
  readonly _id: string;
  readonly topic: string;
  readonly at: Date;
  readonly votes: { count: number };
}

const at = new Date("2026-03-02T08:00:00.000Z");

describe("what the embedded store remembers of its answers", () => {
  let folder: string;
  let here: SqliteStore;
  let there: SqliteStore;
  const ideas = (store: SqliteStore) => store.collection<Idea>("ideas");
  const listed = (store: SqliteStore) =>
    ideas(store)
      .find({ topic: "parks" }, { sort: { _id: 1 }, limit: 20 })
      .toArray();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "parvis-answers-"));
    here = openSqliteStore(join(folder, "a.db"), { ttlIntervalMs: 0 });
    there = openSqliteStore(join(folder, "a.db"), { ttlIntervalMs: 0 });
    await here.ensureIndexes("ideas", [{ keys: { topic: 1, _id: 1 } }]);
    await ideas(here).insertOne({ _id: "a", topic: "parks", at, votes: { count: 1 } });
    await listed(here);
  });

  afterEach(async () => {
    await here.close();
    await there.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("gives the same answer twice, dates and all", async () => {
    expect(await listed(here)).to.deep.equal(await listed(here));
    expect((await listed(here))[0]?.at).to.deep.equal(at);
  });

  it("forgets an answer as soon as a row is added, changed or removed", async () => {
    await ideas(here).insertOne({ _id: "b", topic: "parks", at, votes: { count: 1 } });
    expect(await listed(here)).to.have.length(2);

    await ideas(here).updateOne({ _id: "a" }, { $inc: { "votes.count": 1 } });
    expect((await listed(here))[0]?.votes.count).to.equal(2);

    await ideas(here).deleteOne({ _id: "b" });
    expect(await ideas(here).countDocuments({ topic: "parks" })).to.equal(1);
    expect(await ideas(here).findOne({ _id: "b" })).to.equal(null);
  });

  it("forgets it when another process writes", async () => {
    expect(await ideas(here).countDocuments({ topic: "parks" })).to.equal(1);
    await ideas(there).insertOne({ _id: "b", topic: "parks", at, votes: { count: 1 } });

    expect(await listed(here)).to.have.length(2);
    expect(await ideas(here).countDocuments({ topic: "parks" })).to.equal(2);
  });

  it("tells which collection was written here, and that somebody else wrote", async () => {
    const state = () => [here.changes?.elsewhere(), here.changes?.here("ideas")];
    const before = state();
    await here.collection("others").insertOne({ _id: "x" });
    expect(state()).to.deep.equal(before);

    await ideas(here).updateOne({ _id: "a" }, { $inc: { "votes.count": 1 } });
    const mine = state();
    expect(mine[0]).to.equal(before[0]);
    expect(mine[1]).not.to.equal(before[1]);

    await there.collection("others").insertOne({ _id: "y" });
    expect(state()[0]).not.to.equal(mine[0]);
  });

  it("keeps nothing that a reader of an answer has changed", async () => {
    const [mine] = await listed(here);
    if (mine) mine.votes.count = 99;

    expect((await listed(here))[0]?.votes.count).to.equal(1);
  });

  it("takes a date and its text for different questions", async () => {
    expect(await ideas(here).findOne({ at })).to.have.property("_id", "a");
    expect(await ideas(here).findOne({ at: at.toISOString() as unknown as Date })).to.equal(null);
  });

  it("counts no further than it is asked to", async () => {
    await ideas(here).insertMany(
      ["b", "c", "d"].map((_id) => ({ _id, topic: "parks", at, votes: { count: 0 } })),
    );

    expect(await ideas(here).countDocuments({ topic: "parks" }, { limit: 2 })).to.equal(2);
    expect(await ideas(here).countDocuments({ topic: "parks" }, { skip: 1, limit: 9 })).to.equal(3);
    expect(await ideas(here).countDocuments({ topic: "parks" })).to.equal(4);
  });
});
