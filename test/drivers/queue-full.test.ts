import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import { takeBack } from "../../src/drivers/queue/bullmq-back.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import {
  Postpone,
  QueueRefuses,
  type Queue,
  type RunningJob,
} from "../../src/drivers/queue/queue.js";
import type { JobRow } from "../../src/drivers/queue/queue-tables.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { aGate, aJob, LANE, pause, until } from "./queue.conformance-support.js";

interface Line {
  readonly text: string;
  readonly leftOut?: number;
}

describe("Jobs of a city whose Redis is full", function () {
  this.timeout(60_000);
  needs("redis");
  let redis: TestRedis;
  let store: Store;
  let open: Queue[];
  let lines: Line[];

  before(async () => void (redis = await aRedis()));
  after(() => redis?.remove());

  beforeEach(async () => {
    await redis.ask("FLUSHALL");
    [store, open, lines] = [openSqliteStore(":memory:", { ttlIntervalMs: 0 }), [], []];
  });

  afterEach(async () => {
    await redis.ask("CONFIG SET maxmemory 0");
    await Promise.all(open.map((queue) => queue.close(1)));
    await store.close();
  });

  const log = {
    warn: (fields: object, text: string) => void lines.push({ ...fields, text }),
    error: () => undefined,
  };
  const redisOf = () => ({ url: redis.url, prefix: "full" });
  const aQueue = (): Queue => {
    const queue = createBullQueue({ ...redisOf(), store, clock: systemClock, log });
    open.push(queue);
    return queue;
  };
  const served = async (run: (job: RunningJob) => Promise<void>): Promise<Queue> => {
    const queue = aQueue();
    queue.process(LANE, 4, run);
    await queue.start();
    return queue;
  };
  const refusals = async (): Promise<number> =>
    Number(/errorstat_OOM:count=(\d+)/.exec(await redis.ask("INFO errorstats"))?.[1] ?? 0);
  const fill = async (): Promise<void> => {
    await redis.ask("CONFIG SET maxmemory 1");
    await redis.ask("CONFIG RESETSTAT");
  };

  it("are asked for once a second, and said to wait as seldom", async () => {
    await aQueue().add(Array.from({ length: 8 }, (_, at) => aJob(`waits/${at}`)));
    await fill();
    const ran: string[] = [];
    const queue = await served(async ({ id }) => void ran.push(id));

    await until(async () => (await refusals()) >= 2);
    await pause(500);

    expect(await refusals()).to.be.lessThan(100);
    expect(lines.length).to.be.lessThan(30);
    await redis.ask("CONFIG SET maxmemory 0");
    await until(() => ran.length >= 8);
    await queue.idle();
    expect(new Set(ran)).to.have.length(8);
    expect(ran).to.have.length(8);
  });

  it("are kept in the store, and go over once there is room, each of them once", async () => {
    const ran: string[] = [];
    const queue = await served(async ({ id }) => void ran.push(id));
    await queue.check();
    await fill();

    for (let at = 0; at < 40; at += 1) await queue.add([aJob(`new/${at}`)]);
    expect(ran).to.deep.equal([]);
    const kept = lines.filter(({ text }) => text === "kept until Redis takes them");
    expect(kept).to.have.length.lessThan(20);

    await redis.ask("CONFIG SET maxmemory 0");
    await until(() => ran.length >= 40);
    await queue.idle();
    expect(new Set(ran)).to.have.length(40);
    expect(ran).to.have.length(40);
  });

  it("that came together as it filled up are in one place each, and run once", async () => {
    const ran: string[] = [];
    const queue = aQueue();
    await queue.check();
    const used = (await queue.memory())?.used ?? 0;
    await redis.ask(`CONFIG SET maxmemory ${used + 1_500_000}`);
    const data = { text: "x".repeat(5_000) };

    await queue.add(Array.from({ length: 500 }, (_, at) => aJob(`one/${at}`, { data })));

    const { waiting } = await queue.counts(LANE);
    const kept = await store.collection("queue_spool").countDocuments({});
    expect(waiting).to.be.within(1, 499);
    expect(waiting + kept).to.equal(500);
    await redis.ask("CONFIG SET maxmemory 0");
    const worker = await served(async ({ id }) => void ran.push(id));
    await until(() => ran.length >= 500);
    await worker.idle();
    expect(new Set(ran)).to.have.length(500);
    expect(ran).to.have.length(500);
  });

  it("can be counted and looked for all the same; that Redis is full is told", async () => {
    const queue = aQueue();
    await queue.add([aJob("due"), aJob("patient", { yieldsMs: 1_000 })]);
    await queue.add([aJob("later", { delayMs: 3_600_000 })]);
    await fill();

    expect(await queue.counts(LANE)).to.include({ waiting: 2, delayed: 1, running: 0 });
    expect(await queue.oldestDue(LANE)).to.be.instanceOf(Date);
    expect(await queue.peek(LANE, ["due", "later", "none"])).to.have.length(2);
    const failure: unknown = await queue.check().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(QueueRefuses).and.to.include({ why: "full" });
    const { used = 0, most } = (await queue.memory()) ?? {};
    expect(used).to.be.greaterThan(1_000);
    expect(most).to.equal(1);

    await redis.ask("CONFIG SET maxmemory 0");
    await queue.check();
    expect(await queue.memory()).to.deep.include({ most: null });
  });

  it("that ran when it filled up have a try left for what was not tried", async () => {
    const gate = aGate();
    const runs: RunningJob[] = [];
    const queue = await served(async (job) => {
      runs.push(job);
      if (runs.length > 1) return;
      await gate.opened;
      throw new Postpone("not its turn", 1);
    });
    await queue.add([aJob("a", { attempts: 1 })]);
    await until(async () => (await queue.counts(LANE)).running === 1);
    await fill();

    gate.open();
    await until(async () => (await queue.counts(LANE)).running === 0);
    await redis.ask("CONFIG SET maxmemory 0");
    await until(async () => runs.length > 1 || (await queue.counts(LANE)).dead > 0);
    await queue.idle();

    expect(runs.map(({ attempt }) => attempt)).to.deep.equal([1, 1]);
    expect(await queue.dead(LANE, 10)).to.deep.equal([]);
  });

  it("can leave it for the store, which needs no room there", async () => {
    const queue = aQueue();
    await queue.add([aJob("a"), aJob("b", { yieldsMs: 1_000 }), aJob("c", { delayMs: 3_600_000 })]);
    await queue.close(1);
    await fill();

    const taken = await takeBack({
      ...{ ...redisOf(), store, clock: systemClock, log, queues: [LANE] },
    });

    expect(taken.get(LANE)).to.equal(3);
    const rows = await store.collection<JobRow>("queue_jobs").find({}).toArray();
    expect(rows.map(({ id }) => id).sort()).to.deep.equal(["a", "b", "c"]);
  });

  it("hold up no process that stops", async () => {
    await aQueue().add([aJob("waits")]);
    await fill();
    const queue = await served(async () => undefined);
    await until(() => lines.length > 0);

    await queue.close(50);

    const before = await refusals();
    await pause(1_200);
    expect(await refusals()).to.equal(before);
  });
});
