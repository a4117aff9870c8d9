import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import type { Document, Row, Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import type { Migration } from "../../src/migrations/migration.js";
import { migrate } from "../../src/migrations/run.js";
import { takeTurn, turnName } from "../../src/migrations/turn.js";
import { aMongoStore, closeMongoStores } from "../support/mongo-store.js";
import { needs, needsLinux, type Need } from "../support/needs.js";
import { goneOwner, onlyLinuxTells } from "../support/owners.js";

interface Thing extends Row {
  readonly n: number;
  readonly double?: number;
}

const rows = 450;

/** Writes twice the number of each thing beside it, and remembers which it was asked about. */
function doubling(asked: string[] = []): Migration {
  return {
    ...{ name: "0001-double", collection: "things", reads: ["n"] },
    change: (row) => {
      asked.push(row["_id"] as string);
      return { $set: { double: 2 * (row["n"] as number) } };
    },
  };
}

function onStore(title: string, needed: Need | null, open: () => Promise<Store>): void {
  describe(`Migrations ${title}`, function () {
    this.timeout(30_000);
    if (needed !== null) needs(needed);
    let store: Store;
    const run = (...list: readonly Migration[]): Promise<string[]> =>
      migrate(store, systemClock, list);
    const undone = (): Promise<number> =>
      store.collection<Thing>("things").countDocuments({ double: { $exists: false } });

    beforeEach(async () => {
      store = await open();
      const things = Array.from({ length: rows }, (_, n) => ({
        _id: `thing-${String(n).padStart(4, "0")}`,
        n,
      }));
      await store.collection<Thing>("things").insertMany(things);
    });

    afterEach(async () => {
      if (needed === null) await store.close();
      await closeMongoStores();
    });

    it("change every row once, and none at the next start", async () => {
      const asked: string[] = [];
      expect(await run(doubling(asked))).to.deep.equal(["0001-double"]);
      expect(await run(doubling(asked))).to.deep.equal([]);

      const seventh = await store.collection<Thing>("things").findOne({ n: 7 });
      expect(seventh).to.deep.equal({ _id: "thing-0007", n: 7, double: 14 });
      expect(await undone()).to.equal(0);
      expect(asked.length).to.equal(new Set(asked).size).and.to.equal(rows);
    });

    it("go on after the last slice that was done when something stopped them", async () => {
      const fails = doubling();
      const stopped: Migration = {
        ...fails,
        change: (row, on) => {
          if (row["n"] === 250) throw new Error("stopped");
          return fails.change(row, on);
        },
      };
      const failure: unknown = await run(stopped).catch((error: unknown) => error);
      expect(String(failure)).to.equal("Error: stopped");

      const asked: string[] = [];
      expect(await run(doubling(asked))).to.deep.equal(["0001-double"]);
      expect(asked[0]).to.equal("thing-0200");
      expect(await undone()).to.equal(0);
    });

    it("are run by one of several processes that start together, while the others wait", async () => {
      const asked: string[] = [];
      const ran = await Promise.all([1, 2, 3].map(() => run(doubling(asked))));
      expect(ran.flat()).to.deep.equal(["0001-double"]);
      expect(asked).to.have.length(rows);
    });

    it("wait for a process that is at it, and take over from one that is gone", async function () {
      needsLinux(this, onlyLinuxTells);
      const held = await takeTurn(store, systemClock);
      let over = false;
      const waiting = run(doubling()).then(() => (over = true));
      expect(await takeTurn(store, systemClock)).to.equal(null);
      expect(over).to.equal(false);
      await held?.give();
      await waiting;

      const forLong = { owner: goneOwner(), until: Date.now() + 3_600_000 };
      await store.collection<Row & typeof forLong>(turnName).updateOne({}, { $set: forLong });
      const second = { ...doubling(), name: "0002-double" };
      expect(await run(doubling(), second)).to.deep.equal(["0002-double"]);
    });

    it("read a row again that somebody else changes at that moment", async () => {
      const things = store.collection<Thing>("things");
      const seen: unknown[] = [];
      const raced: Migration = {
        ...doubling(),
        change: async (row: Document) => {
          const n = row["n"] as number;
          if (row["_id"] === "thing-0003") seen.push(n);
          if (n === 3) await things.updateOne({ _id: "thing-0003" }, { $set: { n: 1000 } });
          return { $set: { double: 2 * n } };
        },
      };
      await run(raced);

      expect(seen).to.deep.equal([3, 1000]);
      const found = await things.findOne({ _id: "thing-0003" });
      expect(found).to.deep.equal({ _id: "thing-0003", n: 1000, double: 2000 });
    });

    it("stop before they write where a path leads through an array, in which a filter finds any item", async () => {
      const things = store.collection<Row>("things");
      await things.updateOne({ _id: "thing-0001" }, { $set: { parts: { n: 1 } } });
      await things.updateOne({ _id: "thing-0002" }, { $set: { parts: [{ n: 1 }, { n: 2 }] } });
      const written = run({
        ...{ name: "0001-parts", collection: "things", reads: ["parts.n"] },
        change: () => ({ $set: { seen: true } }),
      });

      expect(await written.catch(String)).to.equal(
        "Error: 0001-parts: parts.n leads through an array in things thing-0002",
      );
      expect(await things.findOne({ _id: "thing-0001" })).to.include({ seen: true });
      expect(await things.findOne({ _id: "thing-0002" })).not.to.have.property("seen");
    });

    it("see nothing of a row but what they say that they read", async () => {
      await store.collection<Row>("things").updateOne({ _id: "thing-0000" }, { $set: { more: 1 } });
      const seen: Document[] = [];
      await run({
        ...{ name: "0001-look", collection: "things", reads: ["n", "no.such"] },
        change: (row) => {
          seen.push(row);
          return null;
        },
      });
      expect(seen[0]).to.deep.equal({ _id: "thing-0000", n: 0 });
    });
  });
}

onStore("in the embedded store", null, async () => openSqliteStore(":memory:"));
onStore("in MongoDB", "mongodb", aMongoStore);
