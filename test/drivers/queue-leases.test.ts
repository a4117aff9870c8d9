import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import type { Queue, RunningJob } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { aGate, aJob, LANE, pause, until } from "./queue.conformance-support.js";

const log = { warn: () => undefined, error: () => undefined };
/** Longer than the processes take to come back one after the other. */
const leaseMs = 2_000;

describe("Jobs that run while Redis is away for longer than their leases", function () {
  this.timeout(60_000);
  needs("redis");
  let redis: TestRedis;
  let store: Store;
  let open: Queue[];

  beforeEach(async () => {
    redis = await aRedis();
    [store, open] = [openSqliteStore(":memory:", { ttlIntervalMs: 0 }), []];
  });

  afterEach(async () => {
    await Promise.all(open.map((queue) => queue.close(1)));
    await store.close();
    await redis.remove();
  });

  const aWorker = async (run: (job: RunningJob) => Promise<void>): Promise<Queue> => {
    const queue = createBullQueue({
      ...{ url: redis.url, prefix: "leases", store, clock: systemClock, log, pollMs: 10, leaseMs },
    });
    open.push(queue);
    queue.process(LANE, 2, run);
    await queue.start();
    return queue;
  };

  /** What is done by then, or goes on, runs once. */
  const runOnce = async (whileAway: (end: () => void) => Promise<void>): Promise<void> => {
    const [done, late] = [aGate(), aGate()];
    const ran: string[] = [];
    const run = async ({ id }: RunningJob): Promise<void> => {
      ran.push(id);
      await (id.startsWith("done") ? done : late).opened;
    };
    const [queue] = await Promise.all([aWorker(run), aWorker(run)]);
    const ids = ["done/1", "done/2", "late/1", "late/2"];
    await queue.add(ids.map((id) => aJob(id, { attempts: 1 })));
    await until(() => ran.length === 4);
    // A look for jobs that nobody holds has noted them.
    const noted = (): Promise<string> => redis.ask(`SCARD leases:${LANE}:stalled`);
    await until(async () => (await noted()).startsWith(":4"));
    await whileAway(done.open);
    await until(async () => (await queue.counts(LANE).catch(() => null))?.running === 2);
    // Long enough for one who nobody holds to be taken from who runs it.
    await pause(2 * leaseMs);
    late.open();
    await queue.idle();

    expect(ran.sort()).to.deep.equal(ids);
    expect(await queue.dead(LANE, 10)).to.deep.equal([]);
  };

  it("run once in processes that live: done meanwhile or still at it when Redis is back", () =>
    runOnce(async (end) => {
      await redis.kill();
      await pause(leaseMs);
      end();
      await redis.start();
    }));

  it("run once when Redis answers nothing for so long before its connections end", () =>
    runOnce(async (end) => {
      await redis.pause();
      end();
      await pause(leaseMs + 500);
      await redis.kill();
      await redis.start();
    }));

  it("run once when Redis answers nothing for so long, and no connection ends", () =>
    runOnce(async (end) => {
      await redis.pause();
      end();
      await pause(leaseMs + 500);
      redis.resume();
    }));
});
