import { expect } from "chai";
import { pino } from "pino";
import { createIds } from "../../src/drivers/clock.js";
import { Postpone, Unrecoverable, type Queue } from "../../src/drivers/queue/queue.js";
import { createInstances } from "../../src/hosting/instances.js";
import { unknownJob } from "../../src/hosting/unknown-jobs.js";
import { startWorkers } from "../../src/hosting/worker.js";
import { aClock, type TestClock } from "../support/city.js";
import { openEngine, type Engine } from "../support/engine.js";

const name = "next.job";
const log = pino({ level: "silent" });

const day = 24 * 3_600_000;
const start = new Date("2026-03-02T08:00:00.000Z");

/** What becomes of it when nobody has known it for some time. */
function unknownFor(ms: number): Error {
  const putOff = ms === 0 ? {} : { putOff: { why: "unknown", since: start } };
  return unknownJob({ name, ...putOff }, new Date(start.getTime() + ms));
}

describe("A job of a later release that comes to a worker of the one before", () => {
  let engine: Engine;
  let clock: TestClock;
  const queues: Queue[] = [];
  const aQueue = (): Queue => {
    const queue = engine.queue(log);
    queues.push(queue);
    return queue;
  };

  beforeEach(async () => {
    clock = aClock();
    engine = await openEngine({ clock });
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close(1_000);
    await engine.store.close();
  });

  it("is left with all its tries to the later one, which does it", async () => {
    const before = aQueue();
    const instances = createInstances(engine.store, { clock, ids: createIds(clock) });
    const contexts = (): never => expect.fail("nothing of it is run");
    const own = { store: engine.store, queue: before, instances, contexts };
    await startWorkers({ ...own, features: [], clock, log });
    await before.start();
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const job = { id: "next/1", queue: "default", name, data: {}, attempts: 1, backoff };
    await before.add([job]);
    await before.idle();
    const [waiting] = await before.peek("default", [job.id]);
    expect(waiting).to.include({ isRunning: false });
    expect(waiting?.dueAt.getTime()).to.be.at.least(clock.now().getTime() + 5_000);
    await before.close(1_000);

    const after = aQueue();
    const tries: number[] = [];
    after.process("default", 1, async ({ attempt }) => void tries.push(attempt));
    await after.start();
    clock.advance(10_000);
    await after.idle();

    expect(tries).to.deep.equal([1]);
    expect(await after.dead("default", 10)).to.deep.equal([]);
  });

  it("is given the same time when it was put off for weeks before for something else", async () => {
    const instances = createInstances(engine.store, { clock, ids: createIds(clock) });
    const contexts = (): never => expect.fail("nothing of it is run");
    const queue = aQueue();
    const own = { store: engine.store, queue, instances, contexts };
    await startWorkers({ ...own, features: [], clock, log });
    await queue.start();
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const job = { id: "next/1", queue: "default", name, data: {}, attempts: 1, backoff };
    await queue.add([{ ...job, postponed: 5_000 }]);
    await queue.idle();

    const dead = async () => (await queue.dead("default", 10)).map(({ id }) => id);
    expect(await dead()).to.deep.equal([]);
    for (let passed = 0; passed < 2.5 * day; passed += day / 2) {
      clock.advance(day / 2);
      await queue.idle();
    }
    expect(await dead()).to.deep.equal([]);
    clock.advance(day);
    await queue.idle();

    expect(await dead()).to.deep.equal([job.id]);
  });

  it("is looked at soon, then seldom, and shown to operators when nobody knows it for days", () => {
    const rests: number[] = [];
    let inAll = 0;
    for (let end = unknownFor(0); end instanceof Postpone; end = unknownFor(inAll)) {
      rests.push(end.delayMs);
      inAll += end.delayMs;
    }

    expect(inAll).to.be.within(3 * day, 3.1 * day);
    expect(Math.min(...rests)).to.be.at.least(5_000);
    expect(rests[0]).to.be.at.most(7_000);
    const firstHour = rests.filter(
      (_rest, i) => rests.slice(0, i).reduce((sum, rest) => sum + rest, 0) < 3_600_000,
    );
    expect(firstHour).to.have.length.at.most(13);
    const given = unknownFor(inAll);
    expect(given).to.be.instanceOf(Unrecoverable);
    expect(given.message).to.equal("no job is called next.job");
  });
});
