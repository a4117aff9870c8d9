import { expect } from "chai";
import { systemClock, type Clock } from "../../src/drivers/clock.js";
import { createBullQueue, type BullQueueOptions } from "../../src/drivers/queue/bullmq.js";
import { Postpone, type Queue, type RunningJob } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import {
  aGate,
  aJob,
  queueConformance,
  townOf,
  until,
  type QueueBacking,
} from "./queue.conformance.js";

const LANE = "default";

interface Bench extends QueueBacking {
  readonly store: Store;
  readonly prefix: string;
  queue(options?: Partial<BullQueueOptions>): Queue;
}

describe("with a real Redis,", () => {
  needs("redis");
  let redis: TestRedis;
  let opened = 0;

  before(async function () {
    this.timeout(20_000);
    redis = await aRedis();
  });

  after(() => redis?.remove());

  async function aBench(): Promise<Bench> {
    opened += 1;
    const prefix = `t${opened}`;
    const store = openSqliteStore(":memory:");
    const queues: Queue[] = [];
    const log = { warn: () => undefined, error: () => undefined };
    let ahead = 0;
    const clock: Clock = { now: () => new Date(systemClock.now().getTime() + ahead) };
    return {
      store,
      prefix,
      queue(options = {}) {
        const { url } = redis;
        const ownerOf = townOf;
        const parts = { url, store, clock, log, prefix, pollMs: 10, ownerOf };
        const queue = createBullQueue({ ...parts, ...options });
        queues.push(queue);
        return queue;
      },
      // Only the calendar asks this clock; BullMQ has the machine's.
      advance: async (ms) => void (ahead += ms),
      async close() {
        await Promise.all(queues.map((queue) => queue.close(1)));
        await store.close();
      },
    };
  }

  queueConformance("the queue on BullMQ", aBench);

  describe("the queue on BullMQ", function () {
    this.timeout(40_000);
    let bench: Bench;

    beforeEach(async () => {
      bench = await aBench();
    });

    afterEach(async function () {
      this.timeout(20_000);
      await redis.start().catch(() => undefined);
      await bench.close();
    });

    const served = async (
      run: (job: RunningJob) => Promise<void>,
      options: Partial<BullQueueOptions> = {},
    ): Promise<Queue> => {
      const queue = bench.queue(options);
      queue.process(LANE, 4, run);
      await queue.start();
      return queue;
    };

    it("says whether Redis keeps what it has taken, as it is set at that moment", async () => {
      const queue = bench.queue();
      const kept = { isOnDisk: true, isSynced: true, evicts: null };
      expect(await queue.keeping()).to.deep.equal(kept);
      try {
        await redis.ask("CONFIG SET maxmemory-policy allkeys-lru");
        await redis.ask("CONFIG SET appendfsync everysec");
        expect(await queue.keeping()).to.deep.equal({
          ...{ isOnDisk: true, isSynced: false, evicts: "allkeys-lru" },
        });
        await redis.ask("CONFIG SET appendonly no");
        expect((await queue.keeping())?.isOnDisk).to.equal(false);
      } finally {
        await redis.ask("CONFIG SET maxmemory-policy noeviction");
        await redis.ask("CONFIG SET appendfsync always");
        await redis.ask("CONFIG SET appendonly yes");
      }
      expect(await queue.keeping()).to.deep.equal(kept);
    });

    it("adds in no time what Redis cannot take, and hands it over once it is back", async () => {
      const seen: string[] = [];
      const queue = await served(async ({ id }) => void seen.push(id));
      await queue.check();
      await redis.kill();
      await until(() =>
        queue.check().then(
          () => false,
          () => true,
        ),
      );

      await queue.add([aJob("a"), aJob("b", { delayMs: 5 })]);
      await queue.add([aJob("a")]);
      expect(seen).to.deep.equal([]);
      await redis.start();
      await until(() => seen.length === 2);
      await queue.idle();

      expect(seen.sort()).to.deep.equal(["a", "b"]);
    });

    it("begins to work once Redis is there, although it was away at the start", async () => {
      await redis.kill();
      const seen: string[] = [];
      const queue = await served(async ({ id }) => void seen.push(id));
      await queue.add([aJob("a")]);

      await redis.start();
      await until(() => seen.length === 1);
      await queue.add([aJob("b")]);
      await until(() => seen.length === 2);

      expect(seen).to.deep.equal(["a", "b"]);
    });

    it("keeps in the store what Redis did not confirm, and runs it", async () => {
      const seen: string[] = [];
      const producer = bench.queue({ patienceMs: 150 });
      await producer.check();
      const adding = redis.pause().then(() => producer.add([aJob("a")]));
      await adding;
      redis.resume();
      const queue = await served(async ({ id }) => void seen.push(id));
      await until(() => seen.length > 0);
      await queue.idle();

      expect(new Set(seen)).to.deep.equal(new Set(["a"]));
    });

    it("goes on by itself with what waited when Redis was killed", async () => {
      const gate = aGate();
      const seen: string[] = [];
      const queue = await served(async ({ id }) => {
        if (id === "first") await gate.opened;
        seen.push(id);
      });
      await queue.add([aJob("first")]);
      await until(async () => (await queue.counts(LANE)).running === 1);
      await queue.add(Array.from({ length: 20 }, (_, at) => aJob(`later/${at}`, { delayMs: 300 })));

      await redis.kill();
      gate.open();
      await redis.start();
      await until(() => new Set(seen).size === 21);
    });

    it("takes up the job of a silent process once its lease ran out, as its next try", async () => {
      const attempts: number[] = [];
      const silent = await served(
        async ({ attempt }) => {
          if (attempt === 1) await new Promise(() => undefined);
          attempts.push(attempt);
        },
        { leaseMs: 300 },
      );
      await silent.add([aJob("a")]);
      await until(async () => (await silent.counts(LANE)).running === 1);

      await redis.forget(`${bench.prefix}:${LANE}:a:lock`);
      await until(() => attempts.length === 1);

      expect(attempts).to.deep.equal([2]);
    });

    it("gives up a job whose process fell silent in its last try, and tells of it, since nobody else can", async () => {
      const lines: object[] = [];
      const note = (fields: object): void => void lines.push(fields);
      const log = { warn: () => undefined, error: note };
      const loggedOf = () => ({ request: "r1" });
      let runs = 0;
      const silent = await served(
        () => {
          runs += 1;
          return new Promise(() => undefined);
        },
        { leaseMs: 300, log, loggedOf },
      );
      await silent.add([aJob("a", { attempts: 1 })]);
      await until(() => runs === 1);

      await redis.forget(`${bench.prefix}:${LANE}:a:lock`);
      await until(() => lines.length > 0);

      expect(runs).to.equal(1);
      expect(lines).to.deep.equal([
        {
          ...{ queue: LANE, name: "greet", job: "a", attempt: 1, of: 1, request: "r1" },
          error: "the process stopped while it ran this job",
        },
      ]);
    });

    it("leaves dead what cannot be revived while Redis is away, and shows it all the same", async () => {
      let fails = true;
      const queue = await served(async () => {
        if (fails) throw new Error("no");
      });
      await queue.add([aJob("a", { attempts: 1 })]);
      await until(async () => (await queue.counts(LANE)).dead === 1);
      fails = false;
      await redis.kill();

      const refused = await queue.revive(LANE, ["a"]).catch(() => "refused");
      expect(refused).to.equal("refused");
      expect((await queue.dead(LANE, 10)).map(({ id }) => id)).to.deep.equal(["a"]);
      expect(await queue.deadKinds(LANE)).to.deep.equal([{ name: "greet", count: 1 }]);

      await redis.start();
      await until(async () => (await queue.revive(LANE, ["a"]).catch(() => 0)) === 1);
      await queue.idle();
      expect(await queue.dead(LANE, 10)).to.deep.equal([]);
    });

    it("loses no job that cannot be put back", async () => {
      let runs = 0;
      const queue = await served(async () => {
        runs += 1;
        if (runs > 1) return;
        // As if another process had taken it over meanwhile: what is to be put back is not ours.
        await redis.forget(`${bench.prefix}:${LANE}:a:lock`);
        throw new Postpone("not its turn", 1);
      });
      await queue.add([aJob("a", { attempts: 1 })]);
      await until(() => runs === 2);
      await queue.idle();

      expect(await queue.counts(LANE)).to.include({ waiting: 0, delayed: 0, running: 0 });
    });

    it("closes although Redis is away", async () => {
      const queue = await served(async () => undefined);
      await queue.check();
      await redis.kill();

      await queue.close(50);
    });
  });
});
