import { expect } from "chai";
import { pino } from "pino";
import { z } from "zod";
import { createIds } from "../../src/drivers/clock.js";
import type { NewJob, Queue } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { unseenMsOf } from "../../src/hosting/gone-writers.js";
import { createOutbox, intentIndexes, type Outbox } from "../../src/hosting/outbox.js";
import { defineCollection, defineEvent, defineFeature, on, Refusal } from "../../src/kit/index.js";
import { aCity, aClock, closeCities, type TestClock } from "../support/city.js";
import { between, failing, type Fault } from "../support/faults.js";
import { needsLinux } from "../support/needs.js";
import { goneOwner, onlyLinuxTells } from "../support/owners.js";

const made = defineEvent("thing-made", z.object({ thingId: z.string() }));
const other = defineEvent("other", z.object({}));
const nothing = async (): Promise<void> => undefined;
const subscriptions = [on(made, "tell", nothing), on(made, "count", nothing)];

describe("What is written and announced as one", () => {
  let store: Store;
  let clock: TestClock;
  let added: NewJob[];
  let queueFails: "never" | "before" | "after";
  let faults: Record<"insert" | "remove", Fault>;

  const bare = (): Store => openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  const queue = {
    add: async (jobs: readonly NewJob[]) => {
      if (queueFails === "before") throw new Error("the queue is away");
      added.push(...jobs);
      if (queueFails === "after") throw new Error("the queue went away");
    },
  } as Pick<Queue, "add"> as Queue;
  const anOutbox = (over: Store = store, heard = subscriptions, unseenMs = 0): Outbox =>
    createOutbox({
      ...{ store: over, queue, clock, ids: createIds(clock), subscriptions: heard, unseenMs },
      log: pino({ level: "silent" }),
    });
  const left = (): Promise<number> => store.collection("intents").countDocuments({});
  const things = () => store.collection("things");
  const storing = (): Promise<unknown> => things().insertOne({ _id: "t1" });
  const commit = (outbox: Outbox, write = storing) =>
    outbox.commit("i1", made, { thingId: "t1" }, write).then(
      () => "answered",
      (error: unknown) => error,
    );
  const told = (): string[] => [...new Set(added.map((job) => job.name))].sort();
  const everybody = ["thing-made/count", "thing-made/tell"];

  beforeEach(async () => {
    store = bare();
    await store.ensureIndexes("intents", intentIndexes);
    clock = aClock();
    added = [];
    queueFails = "never";
    faults = { insert: failing("intents", "insertOne"), remove: failing("intents", "deleteOne") };
  });
  afterEach(() => store.close());

  it("reaches every listener of the event, each by a job of its own, and leaves nothing", async () => {
    const outbox = anOutbox();

    expect(await commit(outbox)).to.equal("answered");
    await outbox.close();

    expect(told()).to.deep.equal(everybody);
    expect(added[0]?.data).to.deep.equal({ instanceId: "i1", payload: { thingId: "t1" } });
    expect(await left()).to.equal(0);
  });

  it("needs no listener", async () => {
    const outbox = anOutbox();
    await outbox.commit("i1", other, {}, nothing);
    await outbox.close();

    expect([added.length, await left()]).to.deep.equal([0, 0]);
  });

  for (const refusal of [new Refusal("not-allowed"), Object.assign(new Error(), { code: 11000 })]) {
    it(`announces nothing of a write refused with ${refusal.name} ${refusal.message}`, async () => {
      const outbox = anOutbox();

      expect(await commit(outbox, () => Promise.reject(refusal))).to.equal(refusal);
      await outbox.close();
      await outbox.sweep(0);

      expect([added.length, await left()]).to.deep.equal([0, 0]);
    });
  }

  it("tells why a write was refused even when the intent cannot be removed", async () => {
    const outbox = anOutbox(faults.remove.through(store));
    const refusal = new Refusal("not-allowed");
    faults.remove.arm(1);

    expect(await commit(outbox, () => Promise.reject(refusal))).to.equal(refusal);
    await outbox.close();
  });

  it("takes a write that throws at once for one that failed", async () => {
    const outbox = anOutbox();
    const refusal = new Refusal("not-allowed");
    const write = (): Promise<never> => {
      throw refusal;
    };

    expect(await commit(outbox, write)).to.equal(refusal);
    await outbox.close();

    expect(await left()).to.equal(0);
  });

  it("is told to all listeners of who wrote it, by whichever release it is swept", async () => {
    queueFails = "before";
    const outbox = anOutbox();
    await commit(outbox);
    await outbox.close();
    queueFails = "never";

    const older = anOutbox(store, []);
    await older.sweep(0);
    await older.close();

    expect([told(), await left()]).to.deep.equal([everybody, 0]);
    expect(added[0]).to.include({ queue: "default", attempts: 9 });
  });

  describe("when the process dies", () => {
    it("before the intent is stored: nothing is written or announced", async () => {
      faults.insert.arm(1, "before");
      await commit(anOutbox(faults.insert.through(store)));

      await anOutbox().sweep(0);

      expect([added.length, await things().countDocuments({})]).to.deep.equal([0, 0]);
    });

    it("after the intent is stored: listeners are called, find nothing, and it is over", async () => {
      faults.insert.arm(1, "after");
      await commit(anOutbox(faults.insert.through(store)));

      const next = anOutbox();
      expect(await next.sweep(0)).to.equal(1);
      await next.close();

      expect([told(), await left()]).to.deep.equal([everybody, 0]);
    });

    it("after the write: every listener is called", async () => {
      await commit(anOutbox(), async () => {
        await things().insertOne({ _id: "t1" });
        throw new Error("died");
      });
      expect(added).to.have.length(0);

      const next = anOutbox();
      await next.sweep(0);
      await next.close();

      expect([told(), await left()]).to.deep.equal([everybody, 0]);
    });

    for (const when of ["before", "after"] as const) {
      it(`${when} the jobs are stored: the request is answered, every listener is called`, async () => {
        queueFails = when;
        expect(await commit(anOutbox())).to.equal("answered");
        expect(await left()).to.equal(1);
        queueFails = "never";

        const next = anOutbox();
        await next.sweep(0);
        await next.close();

        expect([told(), await left()]).to.deep.equal([everybody, 0]);
      });

      it(`${when} the intent is removed: the same jobs are added again, under the same ids`, async () => {
        faults.remove.arm(1, when);
        const outbox = anOutbox(faults.remove.through(store));
        await commit(outbox);
        await outbox.close();

        const next = anOutbox();
        await next.sweep(0);
        await next.close();

        expect(new Set(added.map((job) => job.id)).size).to.equal(2);
        expect([told(), await left()]).to.deep.equal([everybody, 0]);
      });
    }
  });

  it("is not swept while the write still runs, nor while it is young", async () => {
    const outbox = anOutbox();
    await outbox.commit("i1", made, { thingId: "t1" }, async () => {
      expect(await outbox.sweep(0)).to.equal(0);
    });
    await outbox.close();
    queueFails = "before";
    await commit(outbox);
    queueFails = "never";

    expect(await outbox.sweep(60_000)).to.equal(0);
    clock.advance(60_001);
    expect(await outbox.sweep(60_000)).to.equal(1);
    await outbox.close();
  });

  it("is swept while it is young where its process is gone, and where nobody knows only when old", async function () {
    needsLinux(this, onlyLinuxTells);
    queueFails = "before";
    const outbox = anOutbox();
    for (let n = 0; n < 3; n += 1) await outbox.commit("i1", made, { thingId: `${n}` }, nothing);
    queueFails = "never";
    const intents = store.collection<{ _id: string; owner?: string }>("intents");
    const [gone, before] = await intents.find({}).toArray();
    await intents.updateOne({ _id: gone!._id }, { $set: { owner: goneOwner() } });
    await intents.updateOne({ _id: before!._id }, { $unset: { owner: "" } });

    expect(await outbox.sweep(60_000)).to.equal(1);
    await outbox.close();
    clock.advance(60_001);
    expect(await outbox.sweep(60_000)).to.equal(2);
    await outbox.close();
  });

  describe("on servers that may show the last write of a killed process only later", () => {
    const killed = async (at = clock.now()): Promise<void> => {
      queueFails = "before";
      await commit(anOutbox(), nothing);
      queueFails = "never";
      await intents().updateMany({}, { $set: { owner: goneOwner(), at } });
    };
    const intents = () => store.collection<{ _id: string; owner?: string; at: Date }>("intents");
    const onServers = (over: Store = store): Outbox => anOutbox(over, subscriptions, 15_000);

    it("is announced only after that, counted from when the process was seen to be gone", async function () {
      needsLinux(this, onlyLinuxTells);
      await killed(new Date(clock.now().getTime() - 40_000));
      const outbox = onServers();

      expect(await outbox.sweep(60_000)).to.equal(0);
      clock.advance(14_999);
      expect(await outbox.sweep(60_000)).to.equal(0);
      clock.advance(1);
      expect(await outbox.sweep(60_000)).to.equal(1);
      await outbox.close();

      expect([told(), await left()]).to.deep.equal([everybody, 0]);
    });

    it("is announced once a majority has all that was written before, and else left", async () => {
      await killed();
      clock.advance(60_000);
      const lagging = failing("intents", "updateOne");
      const outbox = onServers(lagging.through(store));
      lagging.arm(1, "before");

      expect(await outbox.sweep(60_000)).to.equal(0);
      expect([lagging.deaths, added.length, await left()]).to.deep.equal([1, 0, 1]);
      expect(await outbox.sweep(60_000)).to.equal(1);
      await outbox.close();

      expect([told(), await left()]).to.deep.equal([everybody, 0]);
    });

    it("is not announced again by who read of it before another one had done so", async () => {
      await killed();
      clock.advance(60_000);
      const other = between("intents", "updateOne", "before");
      other.once(async () => {
        const first = onServers();
        await first.sweep(60_000);
        await first.close();
      });

      expect(await onServers(other.through(store)).sweep(60_000)).to.equal(0);

      expect([other.happened, added.length]).to.deep.equal([1, 2]);
    });

    it("asks for no patience of a file, which shows it at once", () => {
      const url = "mongodb://127.0.0.1/parvis";
      const waits = [null, url].map((mongodbUrl) => unseenMsOf({ mongodbUrl }));

      expect(waits).to.deep.equal([0, 15_000]);
    });
  });

  it("repairs hundreds left behind in one sweep, those after a broken one too", async () => {
    queueFails = "before";
    const outbox = anOutbox();
    for (let n = 0; n < 450; n += 1) await outbox.commit("i1", made, { thingId: `${n}` }, nothing);
    queueFails = "never";
    const thrower = {
      add: async (jobs: readonly NewJob[]) => {
        if (JSON.stringify(jobs).includes('"thingId":"3"')) throw new TypeError("out of bounds");
        added.push(...jobs);
      },
    } as Pick<Queue, "add"> as Queue;
    const next = createOutbox({
      ...{ store, queue: thrower, clock, ids: createIds(clock), subscriptions },
      log: pino({ level: "silent" }),
    });

    expect(await next.sweep(0)).to.equal(449);
    await next.close();

    expect([added.length, await left()]).to.deep.equal([898, 1]);
  });
});

describe("Listeners of one event", () => {
  afterEach(closeCities);

  it("are not held up by one of them that fails, which is tried again", async () => {
    const ran: string[] = [];
    const noted = defineCollection<{ readonly _id: string }>("noted", []);
    let failures = 2;
    const feature = defineFeature({
      name: "trial",
      collections: [noted],
      on: [
        on(made, "sick", async () => {
          ran.push("sick");
          if (failures-- > 0) throw new Error("not yet");
        }),
        on(made, "well", async (_ctx, { thingId }) => void ran.push(thingId)),
      ],
    });
    const city = await aCity({ features: [feature] });

    await city.visitor.commit(made, { thingId: "t1" }, () =>
      city.visitor.collection(noted).insertOne({ _id: "t1" }),
    );
    await city.settle();
    expect(ran.sort()).to.deep.equal(["sick", "t1"]);
    for (let n = 0; n < 3; n += 1) await city.later(10_000);

    expect(ran.sort()).to.deep.equal(["sick", "sick", "sick", "t1"]);
  });

  it("cannot bear the same name twice", async () => {
    const twice = defineFeature({
      name: "trial",
      on: [on(made, "tell", nothing), on(made, "tell", nothing)],
    });

    const outcome: unknown = await aCity({ features: [twice] }).catch((error: unknown) => error);

    expect(String(outcome)).to.contain("thing-made/tell");
  });
});
