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

/** What becomes of it at its look number `postponed`, from 0. */
function restAt(postponed: number): number | null {
  const thrown = unknownJob({ name, ...(postponed === 0 ? {} : { postponed }) });
  return thrown instanceof Postpone ? thrown.delayMs : null;
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

  it("is looked at soon, then seldom, and shown to operators when nobody knows it for days", () => {
    const rests: number[] = [];
    for (let rest = restAt(0); rest !== null; rest = restAt(rests.length)) rests.push(rest);

    const day = 24 * 3_600_000;
    const inAll = rests.reduce((sum, rest) => sum + rest, 0);
    expect(inAll).to.be.within(3 * day, 4 * day);
    expect(Math.min(...rests)).to.be.at.least(5_000);
    expect(rests[0]).to.be.at.most(7_000);
    const firstHour = rests.filter(
      (_rest, i) => rests.slice(0, i).reduce((sum, rest) => sum + rest, 0) < 3_600_000,
    );
    expect(firstHour).to.have.length.at.most(13);
    const given = unknownJob({ name, postponed: rests.length });
    expect(given).to.be.instanceOf(Unrecoverable);
    expect(given.message).to.equal("no job is called next.job");
  });
});
