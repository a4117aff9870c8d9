import { expect } from "chai";
import { z } from "zod";
import {
  defineFeature,
  defineJob,
  Postpone,
  RetryLater,
  type Attempt,
  type JobDef,
  type QueuedJob,
} from "../../src/kit/index.js";
import { parkedJobs } from "../../src/hosting/parked-jobs.js";
import { createParking } from "../../src/hosting/parking.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { aCity, civicFeatures, closeCities, type City } from "../support/city.js";
import { rejection } from "../drivers/store.conformance-support.js";
import { between, failing, type Between, type Fault } from "../support/faults.js";

const minute = 60_000;
const day = 24 * 3_600_000;

describe("The work of a city that is closed for a while", () => {
  let runs: Map<string, Attempt[]>;
  let failures: number;
  let seen: Array<Pick<QueuedJob, "id" | "isRunning">>;
  let kept: Fault;
  let removed: Fault;
  let parking: Between;
  let city: City;

  const greet = defineJob({
    name: "bells.greet",
    payload: z.object({ to: z.string() }),
    backoff: { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 },
    async run(_ctx, { to }, attempt) {
      runs.set(to, [...(runs.get(to) ?? []), attempt]);
      if (failures > 0) {
        failures -= 1;
        throw new RetryLater("not now", minute);
      }
    },
  });

  const ask = defineJob({
    name: "bells.ask",
    payload: z.object({}),
    async run(ctx) {
      const found = await ctx.peek(greet, ["greet/n0", "greet/n1"]);
      seen = found.map(({ id, isRunning }) => ({ id, isRunning }));
    },
  });

  beforeEach(async () => {
    seen = [];
    runs = new Map();
    failures = 0;
    kept = failing(parkedJobs.name, "updateOne");
    removed = failing(parkedJobs.name, "deleteMany");
    parking = between(parkedJobs.name, "updateOne");
    city = await aCity({
      features: [...civicFeatures, defineFeature({ name: "bells", jobs: [greet, ask] })],
      storeThrough: (store) => parking.through(removed.through(kept.through(store))),
    });
  });
  afterEach(closeCities);

  const suspend = () =>
    city.visitor.changeInstance({
      state: "suspended",
      suspension: { reason: "", at: city.clock.now() },
    });
  const resume = () => city.visitor.changeInstance({ state: "active", suspension: null });
  const names = (many: number) => Array.from({ length: many }, (_, n) => `n${n}`);
  const greetAll = (all: readonly string[]) =>
    city.visitor.enqueueAll(
      greet,
      all.map((to) => ({ payload: { to }, options: { id: `greet/${to}` } })),
    );
  const parked = () => city.store.collection<Row>(parkedJobs.name).countDocuments({});
  const inQueue = async (): Promise<number> => {
    const { waiting, delayed, running } = await city.queue.counts("default");
    return waiting + delayed + running;
  };
  /** Minute by minute, as workers look. */
  async function pass(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += minute) await city.later(minute);
  }

  it("is not looked at while it waits, however much there is: one job looks for all of it", async () => {
    await suspend();
    await greetAll(names(250));
    await city.settle();

    expect(await inQueue()).to.equal(1);
    await city.later(day);

    expect(await inQueue()).to.equal(1);
    expect(await parked()).to.equal(250);
    expect(runs.size).to.equal(0);
  });

  it("goes on within minutes once the city is open again, each thing once, and nothing is left", async () => {
    await suspend();
    await greetAll(names(250));
    await city.later(day);
    await resume();

    await pass(4 * minute);

    expect(runs.size).to.equal(250);
    expect([...runs.values()].every((all) => all.length === 1)).to.equal(true);
    expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
  });

  it("goes on with the tries that it has left", async () => {
    failures = 2;
    await greetAll(["n0"]);
    await city.settle();
    await city.later(minute);
    await suspend();
    await city.later(minute);
    await resume();

    await pass(4 * minute);

    expect(runs.get("n0")?.map(({ number, of }) => [number, of])).to.deep.equal([
      [1, 9],
      [2, 9],
      [3, 9],
    ]);
    expect(runs.get("n0")?.at(-1)?.postponed).to.be.greaterThan(0);
  });

  it("is known to wait by whoever asks for it", async () => {
    await suspend();
    await greetAll(["n0"]);
    await city.settle();
    await resume();

    await city.visitor.enqueue(ask, {});
    await city.settle();

    expect(seen).to.deep.equal([{ id: "greet/n0", isRunning: false }]);
  });

  it("comes back only once it has left the queue, which would not take it a second time", async () => {
    const open = city.instance;
    const suspension = { reason: "", at: city.clock.now() };
    const closed = { ...open, state: "suspended", suspension } as const;
    const waits = { id: "greet/n0", isRunning: true, dueAt: city.clock.now() };
    let queued = [waits];
    const added: string[] = [];
    const own = createParking({
      ...{ store: city.store, clock: city.clock },
      instances: { byId: async () => closed },
      queue: {
        add: async (jobs) => void added.push(...jobs.map(({ id }) => id)),
        peek: async () => queued,
      },
    });
    const running = { id: "greet/n0", queue: "default", name: greet.name, data: {} };
    await own.park(closed, greet as JobDef<unknown>, { ...running, attempt: 1, attempts: 9 });
    added.length = 0;

    const early = await rejection(own.release.run(city.visitor, {}, { number: 1, of: 9 }));
    expect([added, await parked()]).to.deep.equal([[], 1]);
    queued = [];
    await own.release.run(city.visitor, {}, { number: 1, of: 9 });

    expect(early).to.be.instanceOf(Postpone);
    expect([added, await parked()]).to.deep.equal([["greet/n0"], 0]);
  });

  for (const moment of ["before", "after"] as const) {
    it(`is lost at no death just ${moment} it is set aside, or is back`, async () => {
      await suspend();
      kept.arm(2, moment);
      await greetAll(names(5));
      await city.settle();
      await city.later(minute);
      await resume();
      removed.arm(1, moment);

      await pass(10 * minute);

      expect([kept.deaths, removed.deaths]).to.deep.equal([1, 1]);
      expect([...runs.keys()].sort()).to.deep.equal(names(5));
      expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
    });
  }

  it("is not left behind when the city is opened while it is being set aside", async () => {
    await suspend();
    parking.once(async () => void (await resume()));
    await greetAll(["n0"]);
    await city.settle();

    await pass(4 * minute);

    expect(parking.happened).to.equal(1);
    expect(runs.get("n0")).to.have.length(1);
    expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
  });

  it("is not left behind when the city is opened and closed again while it is being set aside", async () => {
    await suspend();
    parking.once(async () => {
      await resume();
      city.clock.advance(1);
      await suspend();
    });
    await greetAll(["n0"]);
    await city.settle();
    await city.later(day);
    expect(runs.size).to.equal(0);
    await resume();

    await pass(4 * minute);

    expect(runs.get("n0")).to.have.length(1);
    expect([await inQueue(), await parked()]).to.deep.equal([0, 0]);
  });

  it("comes back once, though two look after the city at the same time", async () => {
    const added: string[] = [];
    const suspension = { reason: "", at: city.clock.now() };
    const closed = { ...city.instance, state: "suspended", suspension } as const;
    const one = createParking({
      ...{ store: city.store, clock: city.clock, instances: { byId: async () => closed } },
      queue: {
        add: async (jobs) => void added.push(...jobs.map(({ id }) => id)),
        peek: async () => [],
      },
    });
    for (const to of names(9)) {
      const running = { id: `greet/${to}`, queue: "default", name: greet.name, data: {} };
      await one.park(closed, greet as JobDef<unknown>, { ...running, attempt: 1, attempts: 9 });
    }
    added.length = 0;

    const looks = [0, 1, 2].map(() => one.release.run(city.visitor, {}, { number: 1, of: 9 }));
    await Promise.allSettled(looks);

    expect(added.sort()).to.deep.equal(names(9).map((to) => `greet/${to}`));
    expect(await parked()).to.equal(0);
  });
});
