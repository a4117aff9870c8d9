import { expect } from "chai";
import { z } from "zod";
import { createIds } from "../../src/drivers/clock.js";
import { createDead } from "../../src/drivers/queue/dead.js";
import { queueTables } from "../../src/drivers/queue/queue-tables.js";
import type { NewJob } from "../../src/drivers/queue/queue.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { createInstances } from "../../src/hosting/instances.js";
import { instanceOfJob } from "../../src/hosting/outbox.js";
import { parkedJobs, type ParkedJob } from "../../src/hosting/parked-jobs.js";
import { createParkedSweep } from "../../src/hosting/parked-sweep.js";
import { createParking } from "../../src/hosting/parking.js";
import { startWorkers } from "../../src/hosting/worker.js";
import { defineFeature, defineJob, type Instance } from "../../src/kit/index.js";
import { aCity, civicFeatures, closeCities, type City } from "../support/city.js";
import { intercepting } from "../support/faults.js";
import { parkedClock } from "../support/parked-queue.js";

const minute = 60_000;

describe("What waits for a closed city, when the queue has lost the job that brings it back", () => {
  let greeted: string[];
  let broken: boolean;
  let city: City;

  const greet = defineJob({
    name: "bells.greet",
    payload: z.object({ to: z.string() }),
    run: async (_ctx, { to }) => void greeted.push(to),
  });

  beforeEach(async () => {
    greeted = [];
    broken = false;
    city = await aCity({
      features: [...civicFeatures, defineFeature({ name: "bells", jobs: [greet] })],
      storeThrough: intercepting([parkedJobs.name, "updateMany"], async (call) => {
        if (broken) throw new Error("out of order");
        return call();
      }),
    });
  });
  afterEach(closeCities);

  const suspension = () => ({ reason: "", at: city.clock.now() });
  const suspend = () =>
    city.visitor.changeInstance({ state: "suspended", suspension: suspension() });
  const resume = () => city.visitor.changeInstance({ state: "active", suspension: null });
  const all = ["Ada", "Bruno", "Chloé"];
  async function parkAll(): Promise<void> {
    await suspend();
    await city.visitor.enqueueAll(
      greet,
      all.map((to, at) => ({ payload: { to }, options: { id: `greet/${at}` } })),
    );
    await city.settle();
  }
  /** As a Redis that lost its data, or a backup that was made beside it. */
  async function loseQueue(): Promise<void> {
    let from: string | null = null;
    do from = await city.queue.forget(city.instance._id, from);
    while (from !== null);
  }
  const parked = () => city.store.collection<Row>(parkedJobs.name).countDocuments({});
  const inQueue = async (): Promise<number> => {
    const { waiting, delayed, running } = await city.queue.counts("default");
    return waiting + delayed + running;
  };
  async function pass(minutes: number, step = 1): Promise<void> {
    for (let done = 0; done < minutes; done += step) await city.later(step * minute);
  }

  it("is done within minutes of the city being open again", async () => {
    await parkAll();
    await loseQueue();
    expect([await inQueue(), await parked()]).to.deep.equal([0, 3]);
    await resume();

    await pass(13);

    expect(greeted.toSorted()).to.deep.equal(all);
    expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
  });

  it("is looked after by one job again while the city stays closed, not by another every ten minutes", async () => {
    await parkAll();
    await loseQueue();

    await pass(45, 5);

    expect([await inQueue(), await parked()]).to.deep.equal([1, 3]);
    expect(greeted).to.deep.equal([]);
  });

  it("is looked after again as soon as a worker starts", async () => {
    await parkAll();
    await loseQueue();
    const { store, clock } = city;
    const instances = createInstances(store, { clock, ids: createIds(clock) });
    const queue = { ...city.queue, process: () => undefined, schedule: async () => undefined };
    const contexts = (): never => expect.fail("nothing is run");

    await startWorkers({
      store,
      queue,
      instances,
      contexts,
      features: [],
      clock,
      log: city.visitor.log,
    });

    expect(await inQueue()).to.equal(1);
  });

  it("is hindered by no dead one of its name", async () => {
    await parkAll();
    await loseQueue();
    const { store, clock } = city;
    const instances = createInstances(store, { clock, ids: createIds(clock) });
    const parking = createParking({ ...city, instances });
    const closed = await instances.byId(city.instance._id);
    const job = parking.releaseOf(closed ?? expect.fail("it is there"));
    const rows = queueTables(store).dead;
    // On the servers the queue's clock is years ahead: it has forgotten who died by the city's.
    const dead = createDead({ rows, clock: parkedClock(clock), ownerOf: instanceOfJob });
    await dead.bury("default", [{ job, tries: job.attempts, error: "out of order" }]);
    expect(await city.queue.countDead("default", city.instance._id)).to.equal(1);

    await pass(10, 5);
    expect(await inQueue()).to.equal(1);
    await resume();
    await pass(4);

    expect(greeted.toSorted()).to.deep.equal(all);
  });

  it("does not die of what is out of order for hours", async () => {
    await parkAll();
    broken = true;
    await resume();
    await pass(5 * 60, 10);
    expect([await city.queue.dead("default", 10), greeted]).to.deep.equal([[], []]);

    broken = false;
    await pass(30, 10);

    expect(greeted.toSorted()).to.deep.equal(all);
    expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
  });

  it("is found for hundreds of cities, some at a time, at the same cost however much there is for each", async () => {
    const ids = createIds(city.clock);
    const instances = createInstances(city.store, { clock: city.clock, ids });
    const rows = city.store.collection<ParkedJob>(parkedJobs.name);
    const closed: Instance[] = [];
    for (let at = 0; at < 250; at += 1) {
      const founded = { name: `Ville ${at}`, origin: `https://v${at}.example` };
      const kind = { language: "fr", kind: "city", setUpTokenHash: null } as const;
      closed.push(await instances.create({ ...founded, ...kind }));
    }
    await rows.insertMany(closed.flatMap(({ _id }) => [1, 2, 3].map((n) => aRow(_id, n))));
    // Of nobody, as after a row that was changed by hand.
    await rows.insertOne(aRow("0-nobody", 1));
    let looks = 0;
    const counting = intercepting([parkedJobs.name, "findOne"], (call) => {
      looks += 1;
      return call();
    });
    const added: NewJob[] = [];
    const queue = { add: async (jobs: readonly NewJob[]) => void added.push(...jobs) };
    const store = counting(city.store);
    const parking = createParking({ ...city, instances });
    const sweep = createParkedSweep({ store, queue, instances, parking });
    const more = () => added.filter(({ name }) => name === sweep.line.entry.job.name);

    await sweep.begin();
    expect([added.length, more().length, looks]).to.deep.equal([200, 1, 200]);
    const [next] = more();
    await sweep.line.run({ ...(next ?? expect.fail("it goes on")), attempt: 1 });

    expect([more().length, looks]).to.deep.equal([1, 252]);
    const found = added.filter((job) => !more().includes(job));
    expect(found.map(({ data }) => instanceOfJob(data))).to.have.members(
      closed.map(({ _id }) => _id),
    );
  });

  function aRow(instanceId: string, n: number): ParkedJob {
    const id = `greet/${instanceId}/${n}`;
    const { name, attempts, backoff, queue } = greet;
    const kept = { instanceId, queue, id, name, attempts, backoff, data: "{}" };
    return { _id: `${queue}:${id}`, ...kept, tries: 0, postponed: 1, stamp: "s", heldUntil: 0 };
  }
});
