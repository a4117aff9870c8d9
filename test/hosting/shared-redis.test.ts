import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { driversFor, type Drivers } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { systemClock } from "../../src/drivers/clock.js";
import { housed, housedIn, signOut, type Housed } from "../../src/drivers/queue/bullmq-housed.js";
import { register } from "../../src/drivers/queue/redis-names.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { deploymentId } from "../../src/drivers/store/deployment-id.js";
import { partNames } from "../../src/drivers/store/parts.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";
import { aJob, until } from "../drivers/queue.conformance.js";

describe("What a deployment is called in a Redis that it shares", () => {
  let store: Store;
  beforeEach(() => void (store = openSqliteStore(":memory:", { ttlIntervalMs: 0 })));
  afterEach(() => store.close());

  it("is the same for all its processes, however many start at once", async () => {
    const asked = Array.from({ length: 8 }, () => deploymentId(store, "data/parvis.db"));
    const ids = await Promise.all(asked);

    expect(new Set(ids).size).to.equal(1);
    expect(await deploymentId(store, "/srv/parvis.db")).to.equal(ids[0]);
  });

  it("is another one for a database that was copied, and stays for one that is reached otherwise", async () => {
    const first = await deploymentId(store, "mongodb://user:word@a,b/town?replicaSet=rs0");
    const again = await deploymentId(store, "mongodb+srv://elsewhere/town");
    const copy = await deploymentId(store, "mongodb://a,b/trial");

    expect(again).to.equal(first);
    expect(copy).not.to.equal(first);
    expect(await deploymentId(store, "mongodb://a,b/trial")).to.equal(copy);
  });

  it("knows a database that no address names", async () => {
    const first = await deploymentId(store, "mongodb://a");

    for (const same of ["mongodb://a/", "mongodb://a/test", "mongodb://a/?w=majority"]) {
      expect(await deploymentId(store, same), same).to.equal(first);
    }
  });

  it("belongs to the place: it is in no backup", async () => {
    await deploymentId(store, "data/parvis.db");

    expect(await partNames(store)).not.to.include("deployment");
  });
});

describe("Two deployments that share a Redis", function () {
  this.timeout(30_000);
  needs("redis");
  let redis: TestRedis;
  let folders: string[];
  let open: Drivers[];

  before(async () => void (redis = await aRedis()));
  after(() => redis?.remove());
  beforeEach(() => void ([folders, open] = [[], []]));
  afterEach(async () => {
    for (const { queue, store } of open) {
      await queue.close(1);
      await store.close();
    }
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const aDeployment = async (): Promise<Drivers> => {
    const dataDir = mkdtempSync(join(tmpdir(), "parvis-shared-"));
    folders.push(dataDir);
    const env = { DATA_DIR: dataDir, REDIS_URL: redis.url, LOG_LEVEL: "silent" };
    const drivers = await driversFor(loadConfig(env));
    open.push(drivers);
    return drivers;
  };
  const looking = () => ({ url: redis.url, queues: ["default"], clock: systemClock });

  it("never take each other's jobs, such as a trial on a copy of the data", async () => {
    const [town, trial] = [await aDeployment(), await aDeployment()];
    const seen: string[] = [];
    trial.queue.process("default", 1, async ({ id }) => void seen.push(`trial ${id}`));
    await trial.queue.start();
    await town.queue.add([aJob("letter")]);
    await trial.queue.add([aJob("its own")]);
    await until(() => seen.length === 1);
    await trial.queue.idle();

    town.queue.process("default", 1, async ({ id }) => void seen.push(`town ${id}`));
    await town.queue.start();
    await town.queue.idle();

    expect(seen).to.deep.equal(["trial its own", "town letter"]);
  });

  it("are told apart by whoever looks into it: what waits, and whether a worker is there", async () => {
    const [town, lost] = [await aDeployment(), await aDeployment()];
    town.queue.process("default", 1, async () => undefined);
    await town.queue.start();
    await lost.queue.add([
      aJob("a"),
      aJob("b", { delayMs: 60_000 }),
      aJob("c", { yieldsMs: 5_000 }),
    ]);

    const ids = await Promise.all(open.map(({ store }) => deploymentId(store, "parvis.db")));
    const seen = (id = ""): Promise<Housed | null> => housed(looking(), id);
    await until(async () => (await seen(ids[0]))?.isServed === true);

    for (const id of ids) await signOut(looking(), id);

    expect(await seen(ids[0])).to.include({ jobs: 0, store: join(folders[0] ?? "", "parvis.db") });
    expect(await seen(ids[1])).to.include({ jobs: 3, isServed: false });
    const withJobs: string[] = [];
    for await (const { deployment } of housedIn(looking())) withJobs.push(deployment);
    expect(withJobs).to.include(ids[1]).and.not.to.include(ids[0]);
  });

  it("sign in again at a Redis that has lost what it had", async () => {
    const town = await aDeployment();
    const id = await deploymentId(town.store, "parvis.db");
    const isThere = async (): Promise<boolean> => (await housed(looking(), id)) !== null;
    await until(isThere);
    await redis.forget(register);
    expect(await isThere()).to.equal(false);

    await redis.kill();
    await redis.start();

    await until(isThere);
  });
});
