import { expect } from "chai";
import { MongoClient } from "mongodb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IndexSpec, WholeStore } from "../../src/drivers/store/collection.js";
import { moveStore } from "../../src/drivers/store/move.js";
import {
  openAlone,
  openStore,
  openToRead,
  openToWork,
  whileLeaving,
} from "../../src/drivers/store/open.js";
import { partNames, sumOf } from "../../src/drivers/store/parts.js";
import { bePresent, refuseOthers, type Presence } from "../../src/drivers/store/presence.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import {
  beginLeaving,
  forgetMoved,
  leavingFor,
  markMoved,
  refuseMarked,
  takeBackLeaving,
} from "../../src/drivers/store/unfinished.js";
import { collectGarbage } from "../support/garbage.js";
import { aMongoDatabase, aMongoStore, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { rejection, type Thing } from "./store.conformance-support.js";

const indexes: readonly IndexSpec[] = [
  { keys: { instanceId: 1, number: -1 }, unique: true },
  { keys: { tags: 1 }, partialFilterExpression: { open: { $eq: true } } },
  { keys: { seenAt: 1 }, expireAfterSeconds: 1_000_000_000 },
];

/** Rows with every kind of value, and more of them than are read at once. */
async function furnish(store: WholeStore, count = 1_203): Promise<void> {
  await store.ensureIndexes("things", indexes);
  await store.collection<Thing>("things").insertMany(
    Array.from({ length: count }, (_, n) => ({
      ...{ title: `Été n° ${n} 😀\n`, _id: `t/${n}`, instanceId: `i${n % 3}`, number: n },
      ...{ at: new Date(1_700_000_000_000 + n), bytes: new Uint8Array([n % 256, 0, 255]) },
      odd: [-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1.5, null, true, { $date: 5 }],
      ...{ nested: { list: [{ b: [], at: new Date(0) }], z: 1, a: { "": "x" } }, tags: ["é", "e"] },
      ...{ open: n % 2 === 0, seenAt: new Date(2_000_000_000_000) },
    })),
  );
  await store.collection<Thing>("others").insertOne({ _id: "1", text: "seul" });
  await store.ensureIndexes("empty", [{ keys: { x: 1 } }]);
}

async function stateOf(store: WholeStore): Promise<object> {
  const names = (await partNames(store)).filter((name) => name !== "empty");
  const told = names.map(async (name) => {
    const found = await store.indexesOf(name);
    return [name, await sumOf(store, name), found.map((index) => JSON.stringify(index)).sort()];
  });
  return Promise.all(told);
}

const progress = { from: "somewhere", onProgress: () => undefined };

describe("a whole store", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "parvis-copy-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const opened = new Set<WholeStore>();
  const anEmbedded = (): WholeStore => {
    const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
    opened.add(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened) await store.close();
    opened.clear();
  });

  const moves = (title: string, pair: () => Promise<[WholeStore, WholeStore]>): void => {
    it(`is the same ${title}, with the type of every value and its indexes`, async () => {
      const [source, target] = await pair();
      await furnish(source);

      const moved = await moveStore(source, target, progress);

      expect(await stateOf(target)).to.deep.equal(await stateOf(source));
      expect(moved.map(({ name, rows }) => `${name} ${rows}`)).to.include("things 1203");
      const [mine, theirs] = await Promise.all(
        [source, target].map((store) => store.collection<Thing>("things").findOne({ _id: "t/7" })),
      );
      expect([...((theirs?.["bytes"] ?? []) as Uint8Array)]).to.deep.equal([7, 0, 255]);
      expect({ ...theirs, bytes: null }).to.deep.equal({ ...mine, bytes: null });
      await refuseMarked(target);
    });

    it(`ends the same ${title} when the process died on its way`, async () => {
      const [source, target] = await pair();
      await furnish(source);
      const died = new Error("killed");

      const cut = rejection(
        moveStore(source, target, {
          from: "somewhere",
          onProgress: (rows) => {
            if (rows > 600) throw died;
          },
        }),
      );
      expect(await cut).to.equal(died);
      expect((await rejection(refuseMarked(target))).message).to.include("did not end");
      const kept = await target.collection("things").countDocuments();
      let copied = 0;
      await moveStore(source, target, { ...progress, onProgress: () => void (copied += 1) });

      expect(kept).to.be.greaterThan(0).and.lessThan(1_203);
      expect(copied).to.be.lessThan(6);
      expect(await stateOf(target)).to.deep.equal(await stateOf(source));
    });
  };

  moves("in another embedded store", async () => [anEmbedded(), anEmbedded()]);

  it("is copied anew where the source changed before the move went on", async () => {
    const [source, target] = [anEmbedded(), anEmbedded()];
    await furnish(source);
    await moveStore(source, target, progress);
    await source.collection<Thing>("things").updateOne({ _id: "t/3" }, { $set: { title: "neuf" } });
    await source.collection<Thing>("things").deleteOne({ _id: "t/4" });

    await moveStore(source, target, progress);

    expect(await stateOf(target)).to.deep.equal(await stateOf(source));
  });

  it("is not taken for moved while somebody goes on writing to it", async () => {
    const [source, target] = [anEmbedded(), anEmbedded()];
    await furnish(source, 10);
    const others = source.collection<Thing>("others");
    let written = 0;
    const busy: WholeStore = {
      ...source,
      indexesOf: (name) => source.indexesOf(name),
      collection: ((name: string) => {
        if (name === "others") void others.insertOne({ _id: `n${(written += 1)}` });
        return source.collection(name);
      }) as WholeStore["collection"],
    };

    const refusal = await rejection(moveStore(busy, target, progress));

    expect(refusal.message).to.include("others differs").and.include("still writes");
    expect((await rejection(refuseMarked(target))).message).to.include("run that command again");
  });

  it("is read as it was at one moment, whoever writes meanwhile", async () => {
    const path = join(folder, "live.db");
    const live = openSqliteStore(path, { ttlIntervalMs: 0 });
    await furnish(live, 20);

    const moment = await openToRead(path);
    await live.collection<Thing>("things").insertOne({ _id: "later", number: 99 });
    const seen = await sumOf(moment, "things");
    const refusal = await rejection(moment.collection<Thing>("things").insertOne({ _id: "x" }));
    await moment.close();

    expect(seen.rows).to.equal(20);
    expect(refusal.message).to.match(/transaction|readonly/);
    expect(await live.collection("things").countDocuments()).to.equal(21);
    await live.close();
  });

  it("is had alone only when no other process has the file open, and keeps it then", async () => {
    const path = join(folder, "alone.db");
    let server: WholeStore | null = openSqliteStore(path, { ttlIntervalMs: 0 });
    await furnish(server, 3);

    const refused = await rejection(openAlone(path, { what: "restore" }));
    await server.close();
    server = null;
    await collectGarbage();
    const alone = await openAlone(path, { what: "restore" });
    let late: Error | null = null;
    try {
      openSqliteStore(path, { ttlIntervalMs: 0 });
    } catch (error) {
      late = error as Error;
    }
    await alone.close();

    expect(refused.name).to.equal("StoreInUse");
    expect(late?.name).to.equal("StoreInUse");
  });

  describe("on MongoDB", () => {
    needs("mongodb");
    afterEach(closeMongoStores);
    const aMongo = async (): Promise<WholeStore> => (await aMongoStore()) as WholeStore;

    it("is not copied with what somebody else keeps in its database, which nobody could put back", async () => {
      const url = await aMongoDatabase();
      const client = await MongoClient.connect(url);
      await client.db().collection("sensors").insertOne({ degrees: 21 });
      await client.close();
      const store = await openStore(url);

      const refused = await rejection(sumOf(store, "sensors"));

      await store.close();
      expect(refused.message).to.include("the collection sensors is none of Parvis's");
    });

    moves("when it comes from an embedded store", async () => [anEmbedded(), await aMongo()]);
    moves("when it goes into an embedded store", async () => [await aMongo(), anEmbedded()]);

    it("is known to be in use while a process says so, and half a minute after it was last seen", async () => {
      const store = await aMongo();
      const { id, leave } = await bePresent(store, "server (all)");

      const pause = async (): Promise<void> => undefined;
      const refused = await rejection(refuseOthers(store, { pause }));
      await refuseOthers(store, { but: id });
      await leave();
      await refuseOthers(store);

      expect(refused.name).to.equal("StoreInUse");
      expect(refused.message).to.include("server (all)").and.include(String(process.pid));
    });

    it("is free for whoever wants it alone when somebody here only came to look, and was leaving", async () => {
      const store = await aMongo();
      const visitor = await bePresent(store, "doctor");
      const waits: number[] = [];
      const pause = async (ms: number): Promise<void> => {
        waits.push(ms);
        await visitor.leave();
      };

      await refuseOthers(store, { pause });

      expect(waits).to.deep.equal([1_000]);
    });

    it("is not free for one that lives here and was without the store for half a minute", async () => {
      const store = await aMongo();
      const { id, leave } = await bePresent(store, "server (web)");
      const now = (): Date => new Date(Date.now() + 31_000);
      const say = async (): Promise<void> => {
        const said = { $set: { seenAt: new Date() } };
        await store.collection<Thing>("processes").updateOne({ _id: id }, said);
      };

      const refused = await rejection(refuseOthers(store, { now, pause: say }));
      await refuseOthers(store, { now, pause: async () => undefined });
      await leave();

      expect(refused.name).to.equal("StoreInUse");
      expect(refused.message).to.include("server (web)").and.include(String(process.pid));
    });

    it("is not free when one of two here stays", async () => {
      const store = await aMongo();
      const visitor = await bePresent(store, "doctor");
      const server = await bePresent(store, "server (web)");

      const refused = await rejection(refuseOthers(store, { pause: () => visitor.leave() }));
      await server.leave();

      expect(refused.message).to.include(": 1, such as server (web)");
    });

    /** A server on a machine whose clock is `aheadMs` from ours; each pause of a look is one of its rounds. */
    const aServer = async (store: WholeStore, aheadMs: number) => {
      const _id = `town-hall|pid:[1]@another-boot|7|1|${aheadMs}`;
      let rounds = 0;
      const say = async (): Promise<void> => {
        const seenAt = new Date(Date.now() + aheadMs + (rounds += 1) * 10_000);
        await store
          .collection<Thing>("processes")
          .updateOne({ _id }, { $set: { what: "server (web)", seenAt } }, { upsert: true });
      };
      await say();
      return {
        say,
        rounds: () => rounds,
        count: () => store.collection("processes").countDocuments(),
      };
    };

    for (const [clock, aheadMs] of [
      ["ten minutes behind", -600_000],
      ["ten minutes ahead", 600_000],
    ] as const) {
      it(`is known to be in use by a server whose clock is ${clock}`, async () => {
        const store = await aMongo();
        const server = await aServer(store, aheadMs);
        let looks = 0;
        const pause = async (): Promise<void> =>
          (looks += 1) % 10 === 0 ? server.say() : undefined;

        const refused = await rejection(refuseOthers(store, { pause }));

        expect(refused.name).to.equal("StoreInUse");
        expect(refused.message).to.include("server (web) on town-hall");
        expect(server.rounds()).to.equal(2);
      });
    }

    it("is free again once a server elsewhere was silent for half a minute, and then at once", async () => {
      const store = await aMongo();
      const server = await aServer(store, 0);
      const waits: number[] = [];
      const pause = async (ms: number): Promise<void> => void waits.push(ms);

      await refuseOthers(store, { pause });
      const first = waits.reduce((sum, ms) => sum + ms, 0);
      await refuseOthers(store, { pause });

      expect(first).to.equal(30_000);
      expect(waits.reduce((sum, ms) => sum + ms, 0)).to.equal(first);
      expect(await server.count()).to.equal(0);
    });

    it("is served again when a move is taken back that was killed between its last two marks", async () => {
      const url = await aMongoDatabase();
      const source = await openAlone(url, { what: "move-store" });
      await beginLeaving(source.store, "data/parvis.db");
      await markMoved(source.store, "data/parvis.db");

      await takeBackLeaving(source.store);

      await source.close();
      await (await openToWork(url, "server (web)")).close();
    });

    it("is not begun to be worked with while it is moved away, nor afterwards until it is to be served again", async () => {
      const url = await aMongoDatabase();
      const source = await openAlone(url, { what: "move-store" });

      const refused = await whileLeaving(source, "data/parvis.db", async (isThere) => {
        const error = await rejection(openToWork(url, "server (web)"));
        await source.refuseOthers();
        await isThere();
        return error;
      });
      const after = await rejection(openToWork(url, "server (web)"));
      await forgetMoved(source.store);
      await source.close();
      const server = await openToWork(url, "server (web)");
      const moving = await rejection(openAlone(url, { what: "move-store" }));
      await server.close();
      const alone = await openAlone(url, { what: "move-store" });
      await alone.close();

      expect(refused.message).to.include("is being moved to data/parvis.db");
      expect(after.message).to.include("was moved to data/parvis.db");
      expect(moving.name).to.equal("StoreInUse");
      expect(moving.message).to.include("server (web)");
    });

    it("is not moved away when a server came before it was marked, and bears no mark then", async () => {
      const url = await aMongoDatabase();
      const source = await openAlone(url, { what: "move-store" });
      const server = await openToWork(url, "server (web)");
      let began = false;

      const refused = await rejection(
        whileLeaving(source, "data/parvis.db", async () => void (began = true)),
      );
      const second = await openToWork(url, "server (worker)");
      for (const store of [second, server, source]) await store.close();

      expect(refused.name).to.equal("StoreInUse");
      expect(began).to.equal(false);
    });

    it("is not taken for moved when a server that was silent at first speaks again", async () => {
      const url = await aMongoDatabase();
      const source = await openAlone(url, { what: "move-store" });
      const other = await openStore(url);
      let server: Presence | null = null;

      const refused = await rejection(
        whileLeaving(source, "data/parvis.db", async () => {
          server = await bePresent(other, "server (worker)");
          await source.refuseOthers();
        }),
      );
      const marked = await leavingFor(other);
      await (server as Presence | null)?.leave();
      for (const store of [other, source]) await store.close();

      expect(refused.message).to.include("server (worker)");
      expect(marked).to.equal(null);
    });

    it("is free as soon as a server elsewhere has left", async () => {
      const store = await aMongo();
      await aServer(store, 0);
      let looks = 0;
      const pause = async (): Promise<void> => {
        looks += 1;
        await store.collection("processes").deleteMany({});
      };

      await refuseOthers(store, { pause });

      expect(looks).to.equal(1);
    });
  });
});
