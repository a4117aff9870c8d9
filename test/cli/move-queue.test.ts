import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import type { JobRow } from "../../src/drivers/queue/queue-tables.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { aJob } from "../drivers/queue.conformance.js";
import { collectGarbage } from "../support/garbage.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { openDesk, type Desk } from "./support.js";

const log = { warn: () => undefined, error: () => undefined };

describe("parvis move-queue", function () {
  this.timeout(20_000);
  let desk: Desk;

  beforeEach(() => void (desk = openDesk()));
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
    expect(err).to.contain("Redis").and.not.to.contain("    at ");
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

    it("leaves nothing in Redis that a city still has to do", async () => {
      const store = openSqliteStore(":memory:");
      const queue = createBullQueue({ url: redis.url, store, clock: systemClock, log });
      await queue.add([aJob("a"), aJob("b", { delayMs: 3_600_000 })]);
      await queue.add([aJob("mail", { queue: "delivery" })]);
      await queue.close(1);
      await store.close();

      const { code, out, err } = await desk.run(["move-queue", "--json"], {
        env: { REDIS_URL: redis.url },
      });
      expect([code, err]).to.deep.equal([0, ""]);
      expect(JSON.parse(out)).to.deep.equal({ taken: { default: 2, delivery: 1 } });
      await collectGarbage();
      const after = openSqliteStore(join(desk.dataDir, "parvis.db"));
      const rows = await after.collection<JobRow>("queue_jobs").find({}).toArray();
      await after.close();
      expect(rows.map(({ id }) => id).sort()).to.deep.equal(["a", "b", "mail"]);
    });
  });
});
