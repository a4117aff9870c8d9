import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import { housed } from "../../src/drivers/queue/bullmq-housed.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import type { JobRow } from "../../src/drivers/queue/queue-tables.js";
import { prefixOf, register } from "../../src/drivers/queue/redis-names.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { deploymentId } from "../../src/drivers/store/deployment-id.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { markMoved } from "../../src/drivers/store/unfinished.js";
import { aJob, until } from "../drivers/queue.conformance.js";
import { collectGarbage } from "../support/garbage.js";
import { queueNames } from "../../src/kit/work.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { openDesk, type Desk } from "./support.js";

const log = { warn: () => undefined, error: () => undefined };

async function idOf({ dataDir }: Desk): Promise<string> {
  const place = join(dataDir, "parvis.db");
  const store = openSqliteStore(place);
  const id = await deploymentId(store, place);
  await store.close();
  return id;
}

async function aNote({ dataDir }: Desk): Promise<void> {
  const store = openSqliteStore(join(dataDir, "parvis.db"));
  await store.collection("notes").insertOne({ _id: "1" });
  await store.close();
}

async function moveAway({ dataDir }: Desk, to: string): Promise<void> {
  const store = openSqliteStore(join(dataDir, "parvis.db"));
  await markMoved(store, to);
  await store.close();
}

/** What is taken where no job is, by queue. */
const nothing = Object.fromEntries(queueNames.map((name) => [name, 0]));

describe("parvis move-queue", function () {
  this.timeout(20_000);
  let desk: Desk;

  beforeEach(async () => {
    desk = openDesk();
    await aNote(desk);
    await collectGarbage();
  });
  afterEach(() => desk.remove());

  it("says what it needs when there is no Redis", async () => {
    const { code, err } = await desk.run(["move-queue"]);
    expect([code, err]).to.deep.equal([2, "REDIS_URL is not set: it says where the jobs are.\n"]);
  });

  it("ends with a plain reason when Redis does not answer", async () => {
    const { code, err } = await desk.run(["move-queue"], {
      env: { REDIS_URL: "redis://127.0.0.1:1" },
    });
    expect(code).to.equal(1);
    expect(err).to.contain("Redis does not answer: check REDIS_URL\n");
  });

  it("does not say that nothing waits where it was led to an empty place by mistake", async () => {
    const elsewhere = openDesk();

    const { code, out, err } = await elsewhere.run(["move-queue"], {
      env: { REDIS_URL: "redis://127.0.0.1:1" },
    });

    elsewhere.remove();
    expect([code, out]).to.deep.equal([1, ""]);
    expect(err).to.contain("parvis.db holds nothing");
  });

  describe("with a real Redis", () => {
    needs("redis");
    let redis: TestRedis;
    before(async () => void (redis = await aRedis()));
    after(() => redis?.remove());

    it("waits until the server is stopped", async () => {
      const store = openSqliteStore(join(desk.dataDir, "parvis.db"));
      const { code, err } = await desk.run(["move-queue"], { env: { REDIS_URL: redis.url } });
      await store.close();
      expect(code).to.equal(1);
      expect(err).to.contain("in use");
    });

    it("takes nothing into a store that was moved away", async () => {
      await moveAway(desk, "mongodb://elsewhere/town");
      await collectGarbage();
      const { code, err } = await desk.run(["move-queue"], { env: { REDIS_URL: redis.url } });
      expect(code).to.equal(1);
      expect(err).to.contain("was moved to mongodb://elsewhere/town");
    });

    it("leaves nothing in Redis that a city still has to do", async () => {
      const prefix = prefixOf(await idOf(desk));
      const store = openSqliteStore(":memory:");
      const queue = createBullQueue({ url: redis.url, prefix, store, clock: systemClock, log });
      await queue.add([aJob("a"), aJob("b", { delayMs: 3_600_000 })]);
      await queue.add([aJob("mail", { queue: "mail" }), aJob("out", { queue: "delivery" })]);
      await queue.close(1);
      await store.close();
      await collectGarbage();

      const { code, out, err } = await desk.run(["move-queue", "--json"], {
        env: { REDIS_URL: redis.url },
      });
      expect([code, err]).to.deep.equal([0, ""]);
      expect(JSON.parse(out)).to.deep.equal({
        taken: { ...nothing, default: 2, mail: 1, delivery: 1 },
      });
      await collectGarbage();
      const after = openSqliteStore(join(desk.dataDir, "parvis.db"));
      const rows = await after.collection<JobRow>("queue_jobs").find({}).toArray();
      await after.close();
      expect(rows.map(({ id }) => id).sort()).to.deep.equal(["a", "b", "mail", "out"]);
    });

    describe("for a store that was lost and restored", () => {
      const lost = "00000000000000aa";
      const env = () => ({ REDIS_URL: redis.url });
      const theirs = (store: Store) => {
        const signedInAs = { deployment: lost, store: "mongodb://lost/town" };
        const prefix = prefixOf(lost);
        const parts = { url: redis.url, prefix, store, clock: systemClock, log, signedInAs };
        return createBullQueue(parts);
      };
      const itself = () =>
        housed({ url: redis.url, queues: ["default"], clock: systemClock }, lost);
      const known = async (): Promise<boolean> => (await itself()) !== null;

      it("refuses what is no deployment, or none that this Redis knows", async () => {
        const mistyped = await desk.run(["move-queue", "--of", "town*"], { env: env() });
        const unknown = await desk.run(["move-queue", "--of", "00000000000000bb"], { env: env() });

        expect([mistyped.code, mistyped.err]).to.deep.equal([
          2,
          "--of takes the 16 characters that doctor shows.\n",
        ]);
        expect([unknown.code, unknown.err]).to.deep.equal([
          1,
          "This Redis knows no deployment 00000000000000bb: doctor shows those with jobs.\n",
        ]);
      });

      it("shows what the lost one left in Redis, and takes it over when it is told to", async () => {
        const elsewhere = openSqliteStore(":memory:");
        const queue = theirs(elsewhere);
        await queue.add([aJob("letter"), aJob("later", { delayMs: 3_600_000 })]);
        await until(known);
        await queue.close(1);
        await elsewhere.close();

        const told = await desk.run(["doctor"], { env: env() });
        await collectGarbage();
        const own = await desk.run(["move-queue", "--json"], { env: env() });
        await collectGarbage();
        const taken = await desk.run(["move-queue", "--of", lost], { env: env() });
        await collectGarbage();
        const after = await desk.run(["doctor"], { env: env() });

        expect(told.out).to.include(
          `2 jobs wait for a deployment without a worker: ${lost}, mongodb://lost/town`,
        );
        expect(told.out).to.include(`move-queue --of ${lost}`);
        expect(JSON.parse(own.out)).to.deep.equal({ taken: nothing });
        expect([taken.code, taken.err]).to.deep.equal([0, ""]);
        expect(taken.out).to.match(/default +2\n(.*\n)+Start the server\.\n$/);
        expect(after.out).not.to.include(lost);
        expect(await known()).to.equal(false);
      });

      it("finds it among the thousands of trials that have been at this Redis", async () => {
        const signIn = Array.from({ length: 2_000 }, (_, n) => {
          const id = (0xf000_0000 + n).toString(16).padStart(16, "0");
          return `${id} /srv/trial-${n}.db`;
        });
        for (let n = 0; n < signIn.length; n += 500) {
          await redis.ask(`HSET ${register} ${signIn.slice(n, n + 500).join(" ")}`);
        }
        const elsewhere = openSqliteStore(":memory:");
        const queue = theirs(elsewhere);
        await queue.add([aJob("letter")]);
        await until(known);
        await queue.close(1);
        await elsewhere.close();

        const told = await desk.run(["doctor"], { env: env() });
        await collectGarbage();
        const taken = await desk.run(["move-queue", "--of", lost, "--json"], { env: env() });
        const isListed = await known();
        await redis.forget(register);

        expect(told.out).to.include(`1 jobs wait for a deployment without a worker: ${lost}`);
        expect(JSON.parse(taken.out)).to.deep.equal({ taken: { ...nothing, default: 1 } });
        expect(isListed).to.equal(false);
      });

      it("leaves the jobs of one that is at work alone", async () => {
        const elsewhere = openSqliteStore(":memory:");
        const queue = theirs(elsewhere);
        queue.process("default", 1, async () => undefined);
        await queue.start();
        await until(async () => (await itself())?.isServed === true);

        const { code, err } = await desk.run(["move-queue", "--of", lost], { env: env() });
        await queue.close(1);
        await elsewhere.close();

        expect(code).to.equal(1);
        expect(err).to.equal(
          `A worker of ${lost} (mongodb://lost/town) is connected: stop it first, or leave it its jobs.\n`,
        );
      });
    });
  });
});
