import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createApp, driversFor, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { newPerson } from "../../src/features/people/people.js";
import { healthOnly } from "../../src/hosting/health.js";
import type { Ctx, Instance, Member } from "../../src/kit/index.js";
import { aProposal } from "../support/builders.js";
import { needs } from "../support/needs.js";
import { aRedis, type TestRedis } from "../support/redis.js";

const camille: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language: "fr" };
const origin = "http://valmont.localhost:3000";
const token = "a token for the scraper alone";

describe("A deployment whose pages and jobs are the work of different processes", function () {
  this.timeout(60_000);
  needs("redis");
  let dataDir: string;
  let redis: TestRedis;
  let web: App;
  let worker: App;
  let instance: Instance;

  const opened = async (role: string): Promise<App> => {
    const env = { DATA_DIR: dataDir, REDIS_URL: redis.url, ROLE: role, LOG_LEVEL: "silent" };
    const config = loadConfig({ ...env, METRICS_TOKEN: token });
    const app = await createApp(config, await driversFor(config));
    await app.start();
    return app;
  };

  before(async () => {
    redis = await aRedis();
    dataDir = mkdtempSync(join(tmpdir(), "parvis-roles-"));
    web = await opened("web");
    instance = await web.instances.create({
      ...{ origin, name: "Valmont", language: "fr", kind: "city", setUpTokenHash: null },
    });
  });

  after(async () => {
    await worker?.close();
    await web?.close();
    await redis?.remove();
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
  });

  const citizen = (): Ctx => web.contexts({ instance, member: camille, language: "fr" });
  const waiting = async (): Promise<number> => {
    const { waiting: due, delayed } = await web.drivers.queue.counts("default");
    return due + delayed;
  };

  it("leaves to the worker what the web process took in, and nothing of it undone", async () => {
    await newPerson(citizen(), { _id: camille._id, name: camille.name });
    await aProposal(citizen());
    expect(await waiting()).to.be.greaterThan(0);

    worker = await opened("worker");
    await worker.drivers.queue.idle();

    expect(await worker.drivers.queue.dead("default", 10)).to.deep.equal([]);
  });

  it("takes proposals while Redis is away, and works them off once it is back", async () => {
    await redis.kill();
    const proposal = await aProposal(citizen(), { title: "Des bancs à l’ombre" });
    expect(proposal.number).to.equal(2);
    expect(await answer(web.web, "/readyz")).to.deep.equal({
      ...{ status: 200, text: "ready; the queue does not answer\n" },
    });
    expect(await answer(healthOnly(worker.health), "/readyz")).to.deep.equal({
      ...{ status: 503, text: "not ready: queue\n" },
    });

    await redis.start();
    await until(() => answer(healthOnly(worker.health), "/readyz"), {
      status: 200,
      text: "ready\n",
    });
    await worker.drivers.queue.idle();

    const intents = await web.drivers.store.collection("intents").countDocuments({});
    expect(intents).to.equal(0);
    expect(await worker.drivers.queue.dead("default", 10)).to.deep.equal([]);
  });

  it("takes proposals while Redis is full: the worker says so, and goes on once there is room", async () => {
    await redis.ask("CONFIG SET maxmemory 1");
    const proposal = await aProposal(citizen(), { title: "Un marché couvert" });
    expect(proposal.number).to.equal(3);
    await until(() => answer(web.web, "/readyz"), {
      ...{ status: 200, text: "ready; the queue is full\n" },
    });
    expect(await answer(healthOnly(worker.health), "/readyz")).to.deep.equal({
      ...{ status: 503, text: "not ready: queue (full)\n" },
    });
    const figures = await answer(healthOnly(worker.health, worker.metrics), "/metrics");
    expect(figures.text).to.contain('parvis_queue_memory_bytes{state="max",role="worker"} 1\n');
    expect(figures.text).to.contain('parvis_queue_jobs{queue="default",state="waiting",');
    expect(figures.text).to.match(
      /^parvis_queue_jobs\{queue="default",state="kept",role="worker"\} [1-9]/m,
    );

    await redis.ask("CONFIG SET maxmemory 0");
    await worker.drivers.queue.idle();
    await until(() => answer(healthOnly(worker.health), "/readyz"), {
      status: 200,
      text: "ready\n",
    });
    expect(await web.drivers.store.collection("queue_spool").countDocuments({})).to.equal(0);
    expect(await web.drivers.store.collection("intents").countDocuments({})).to.equal(0);
    expect(await worker.drivers.queue.dead("default", 10)).to.deep.equal([]);
  });

  it("answers its supervisor from a worker, and serves no page there", async () => {
    const only = healthOnly(worker.health);

    expect(await answer(only, "/healthz")).to.deep.equal({ status: 200, text: "ok\n" });
    expect(await answer(only, "/")).to.include({ status: 404 });
    expect(await answer(only, "//")).to.include({ status: 404 });
  });
});

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function answer(listener: RequestListener, path: string): Promise<Answered> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const headers = { authorization: `Bearer ${token}` };
    const res = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return { status: res.status, text: await res.text() };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function until(ask: () => Promise<Answered>, wanted: Answered): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const got = await ask();
    if (got.status === wanted.status && got.text === wanted.text) return;
    if (Date.now() > deadline) throw new Error(`still ${got.status} ${got.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
