import { expect } from "chai";
import { systemClock } from "../../src/drivers/clock.js";
import { createBullQueue } from "../../src/drivers/queue/bullmq.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { needs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { aGate, aJob, LANE, until } from "./queue.conformance-support.js";

const prefix = "failover";
const log = { warn: () => undefined, error: () => undefined };

describe("Jobs of a city whose Redis hands over to its replica", function () {
  this.timeout(60_000);
  needs("redis");
  let primary: TestRedis;
  let replica: TestRedis;
  let address: TestProxy;
  let store: Store;
  let open: Queue[];

  beforeEach(async () => {
    [primary, replica] = await Promise.all([aRedis(), aRedis()]);
    await follow(replica, primary);
    address = await aProxy(primary.url);
    [store, open] = [openSqliteStore(":memory:", { ttlIntervalMs: 0 }), []];
  });

  afterEach(async () => {
    await Promise.all(open.map((queue) => queue.close(1)));
    await store.close();
    await address.close();
    await Promise.all([primary.remove(), replica.remove()]);
  });

  const aQueue = (): Queue => {
    const queue = createBullQueue({
      ...{ url: address.url, prefix, store, clock: systemClock, log, pollMs: 10 },
    });
    open.push(queue);
    return queue;
  };

  const isReplicated = async (id: string): Promise<boolean> =>
    (await replica.ask(`EXISTS ${prefix}:${LANE}:${id}`)).startsWith(":1");

  /** As an operator of Redis does it: no connection to the old one is ended. */
  const switchOver = async (): Promise<void> => {
    await replica.ask("REPLICAOF NO ONE");
    address.leadTo(replica.url);
    await follow(primary, replica);
  };

  it("go on at the new primary, once each: those that waited, that run and that come", async () => {
    const gate = aGate();
    const ran: string[] = [];
    const worker = aQueue();
    worker.process(LANE, 1, async ({ id }) => {
      if (id === "running") await gate.opened;
      ran.push(id);
    });
    await worker.start();
    const web = aQueue();
    await web.add([aJob("running")]);
    await until(async () => (await web.counts(LANE)).running === 1);
    await web.add([aJob("waiting")]);
    await until(() => isReplicated("waiting"));

    await switchOver();
    await web.add([aJob("new")]);
    gate.open();
    await until(() => ran.length >= 3);
    await worker.idle();

    expect(ran.sort()).to.deep.equal(["new", "running", "waiting"]);
  });

  it("are not said to be taken while only a replica answers", async () => {
    const queue = aQueue();
    await queue.check();

    await follow(primary, replica);

    expect(await queue.counts(LANE)).to.include({ waiting: 0 });
    const reason = await queue.check().catch((error: Error) => error.message);
    expect(reason).to.contain("replica");

    address.leadTo(replica.url);
    await replica.ask("REPLICAOF NO ONE");
    await until(() =>
      queue.check().then(
        () => true,
        () => false,
      ),
    );
  });
});

async function follow(one: TestRedis, other: TestRedis): Promise<void> {
  const { hostname, port } = new URL(other.url);
  await one.ask(`REPLICAOF ${hostname} ${port}`);
  await until(async () => (await one.ask("INFO replication")).includes("master_link_status:up"));
}
