import { expect } from "chai";
import { createIds, systemClock } from "../../src/drivers/clock.js";
import { QueueInUse, takeBack } from "../../src/drivers/queue/bullmq-back.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { JobRow } from "../../src/drivers/queue/queue-tables.js";
import {
  Postpone,
  RetryLater,
  type Queue,
  type RunningJob,
} from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { Died, intercepting } from "../support/faults.js";
import { needs, needsLinux } from "../support/needs.js";
import { goneOwner, onlyLinuxTells } from "../support/owners.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { aGate, aJob, until } from "./queue.conformance.js";

const LANE = "default";
const hour = 3_600_000;
const log = { warn: () => undefined, error: () => undefined };

describe("Jobs that wait when a deployment gets or loses its Redis", function () {
  this.timeout(30_000);
  needs("redis");
  let redis: TestRedis;
  let store: Store;
  let prefix: string;
  let open: Queue[];
  let opened = 0;

  before(async () => void (redis = await aRedis()));
  after(() => redis?.remove());

  beforeEach(() => {
    opened += 1;
    [store, prefix, open] = [openSqliteStore(":memory:", { ttlIntervalMs: 0 }), `h${opened}`, []];
  });

  afterEach(async () => {
    await Promise.all(open.map((queue) => queue.close(1)));
    await store.close();
  });

  const shared = { clock: systemClock, log, pollMs: 10 };
  const embedded = (): Queue => {
    const queue = createEmbeddedQueue({ ...shared, store, ids: createIds(systemClock) });
    open.push(queue);
    return queue;
  };
  const onRedis = (on: Store = store): Queue => {
    const queue = createBullQueue({ ...shared, store: on, url: redis.url, prefix });
    open.push(queue);
    return queue;
  };
  const back = (on: Store = store): Promise<ReadonlyMap<string, number>> =>
    takeBack({ ...shared, store: on, url: redis.url, prefix, queues: [LANE, "delivery"] });
  const rows = (): Promise<JobRow[]> => store.collection<JobRow>("queue_jobs").find({}).toArray();
  const due = async (queue: Queue, id: string): Promise<number> => {
    const [found] = await queue.peek(LANE, [id]);
    return found?.dueAt.getTime() ?? 0;
  };

  /** Runs what is due on a queue until nothing is, and tells what its worker was handed. */
  const worked = async (queue: Queue): Promise<RunningJob[]> => {
    const ran: RunningJob[] = [];
    queue.process(LANE, 2, async (job) => void ran.push(job));
    await queue.start();
    await queue.idle();
    return ran;
  };

  /** Begins the one job, which is to go on later, and stops; tells what its worker was handed. */
  const begun = async (queue: Queue, end: Error): Promise<RunningJob> => {
    const told: RunningJob[] = [];
    queue.process(LANE, 1, async (job) => {
      told.push(job);
      throw end;
    });
    await queue.start();
    await until(async () => told.length === 1 && (await queue.counts(LANE)).delayed === 1);
    await queue.close(1);
    return told[0] as RunningJob;
  };

  /** What was to go on later is due now. */
  const hurry = async (): Promise<void> => {
    await store.collection<JobRow>("queue_jobs").updateMany({}, { $set: { at: 0 } });
  };

  it("are worked off from Redis once, those of one burst and those of several queues", async () => {
    const jobs = Array.from({ length: 30 }, (_, n) => aJob(`burst/${n}`, { yieldsMs: 10 }));
    await embedded().add([...jobs, aJob("one"), aJob("elsewhere", { queue: "delivery" })]);

    const queue = onRedis();
    const ran = await worked(queue);

    expect(ran.map(({ id }) => id).sort()).to.deep.equal(
      [...jobs.map(({ id }) => id), "one"].sort(),
    );
    expect(ran.every(({ attempt }) => attempt === 1)).to.equal(true);
    expect(await queue.peek("delivery", ["elsewhere"])).to.have.length(1);
    expect(await rows()).to.deep.equal([]);
  });

  it("are due when they were due, with Redis and back again", async () => {
    const first = embedded();
    const before = Date.now();
    await first.add([aJob("soon", { delayMs: hour }), aJob("tomorrow", { delayMs: 24 * hour })]);
    const [soon, tomorrow] = [await due(first, "soon"), await due(first, "tomorrow")];
    expect(soon - before).to.be.within(hour, hour + 10_000);

    const queue = onRedis();
    await worked(queue);
    expect(await due(queue, "soon")).to.equal(soon);
    expect(await due(queue, "tomorrow")).to.equal(tomorrow);

    await queue.close(1);
    expect([...(await back())]).to.deep.equal([
      [LANE, 2],
      ["delivery", 0],
    ]);
    expect(await due(embedded(), "soon")).to.equal(soon);
    expect(await due(embedded(), "tomorrow")).to.equal(tomorrow);
  });

  /** The three runs of a job that ends with `later` in the store, then on Redis, and well in the store. */
  async function runsAcross(later: Error): Promise<ReadonlyArray<RunningJob | undefined>> {
    await embedded().add([aJob("a")]);
    const first = await begun(embedded(), later);
    await hurry();
    const second = await begun(onRedis(), later);
    await back();
    await hurry();
    const [third] = await worked(embedded());
    return [first, second, third];
  }

  it("go on with the tries that they had, with Redis and back again", async () => {
    const runs = await runsAcross(new RetryLater("later", hour));

    expect(runs.map((job) => job?.attempt)).to.deep.equal([1, 2, 3]);
  });

  it("keep how often they were put off, why and since when; it counts as no try", async () => {
    const runs = await runsAcross(new Postpone("later", hour, "dark"));

    expect(runs.map((job) => job?.attempt)).to.deep.equal([1, 1, 1]);
    expect(runs.map((job) => job?.postponed)).to.deep.equal([undefined, 1, 2]);
    const [, second, third] = runs;
    expect(second?.putOff?.why).to.equal("dark");
    expect(third?.putOff).to.deep.equal(second?.putOff);
  });

  it("are handed over in slices: a process that is told to stop does, and the next one goes on", async () => {
    await embedded().add(Array.from({ length: 1_100 }, (_, n) => aJob(`many/${n}`)));
    const [begun, told] = [aGate(), aGate()];
    const held = intercepting(["queue_jobs", "deleteMany"], async (remove) => {
      begun.open();
      await told.opened;
      return remove();
    });
    const stopping = onRedis(held(store));
    await stopping.start();
    await begun.opened;
    const stopped = stopping.close(1);
    told.open();
    await stopped;
    expect(await rows()).to.have.length(600);

    const next = onRedis();
    await next.start();
    await until(async () => (await rows()).length === 0);
    expect(await next.counts(LANE)).to.include({ waiting: 1_100 });
  });

  it("come back in slices, between which the leases of what runs are renewed", async () => {
    const down = createBullQueue({ ...shared, store, url: "redis://127.0.0.1:1", prefix });
    open.push(down);
    await down.add(Array.from({ length: 1_100 }, (_, n) => aJob(`many/${n}`, { queue: "later" })));
    const steps: string[] = [];
    const [running, gate] = [aGate(), aGate()];
    const renewing = intercepting(["queue_jobs", "updateMany"], (renew) => {
      steps.push("leases");
      return renew();
    });
    const handing = intercepting(["queue_spool", "deleteMany"], async (remove) => {
      await running.opened;
      steps.push("slice");
      return remove();
    });
    const queue = createEmbeddedQueue({
      ...{ ...shared, store: handing(renewing(store)), ids: createIds(systemClock) },
    });
    open.push(queue);
    queue.process(LANE, 1, async () => {
      running.open();
      await gate.opened;
    });
    await queue.add([aJob("long")]);
    await queue.start();
    await until(() => steps.filter((step) => step === "slice").length === 11);
    gate.open();

    expect(await queue.counts("later")).to.include({ waiting: 1_100 });
    expect(steps.join(" ")).to.contain("slice leases slice leases slice");
  });

  it("are one job each when the process dies between handing over and removing", async function () {
    needsLinux(this, onlyLinuxTells);
    await embedded().add([aJob("due"), aJob("later", { delayMs: hour })]);
    const gate = aGate();
    const dies = intercepting(["queue_jobs", "deleteMany"], () => {
      gate.open();
      return Promise.reject(new Died("the process died here"));
    });
    const dying = onRedis(dies(store));
    await dying.start();
    await gate.opened;
    await dying.close(1);
    expect(await rows()).to.have.length(2);
    await store
      .collection<JobRow>("queue_jobs")
      .updateMany({ id: "due" }, { $set: { owner: goneOwner() } });

    const second = onRedis();
    await second.start();
    await until(async () => (await rows()).length === 0);
    expect(await second.counts(LANE)).to.include({ waiting: 1, delayed: 1 });
    expect((await worked(onRedis())).map(({ id }) => id)).to.deep.equal(["due"]);
  });

  it("leave Redis only once the store has them, and are then one job each", async () => {
    await onRedis().add([aJob("a"), aJob("b", { delayMs: hour }), aJob("c", { yieldsMs: hour })]);
    const kept = intercepting(["queue_jobs", "insertMany"], async (insert) => {
      await insert();
      throw new Died("the process died here");
    });
    const failure: unknown = await back(kept(store)).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Died);
    expect(await onRedis().counts(LANE)).to.include({ waiting: 2, delayed: 1 });

    expect((await back()).get(LANE)).to.equal(3);
    expect(await onRedis().counts(LANE)).to.include({ waiting: 0, delayed: 0 });
    const states = Object.fromEntries((await rows()).map(({ id, state }) => [id, state]));
    expect(states).to.deep.equal({ a: "waiting", b: "waiting", c: "patient" });
  });

  it("are not taken from under a worker that runs them", async () => {
    const [started, end] = [aGate(), aGate()];
    const queue = onRedis();
    queue.process(LANE, 1, () => {
      started.open();
      return end.opened;
    });
    await queue.add([aJob("a")]);
    await queue.start();
    await started.opened;

    const failure: unknown = await back().catch((error: unknown) => error);
    end.open();
    expect(failure).to.be.instanceOf(QueueInUse);
    expect(await rows()).to.deep.equal([]);
  });

  it("that Redis did not take go on in the store when there is none any more", async () => {
    const down = createBullQueue({ ...shared, store, url: "redis://127.0.0.1:1", prefix });
    open.push(down);
    await down.add([aJob("kept"), aJob("later", { delayMs: hour })]);

    const queue = embedded();
    const ran: string[] = [];
    queue.process(LANE, 1, async ({ id }) => void ran.push(id));
    await queue.start();
    await until(() => ran.length === 1);

    expect(ran).to.deep.equal(["kept"]);
    expect(await queue.counts(LANE)).to.include({ delayed: 1 });
  });
});
