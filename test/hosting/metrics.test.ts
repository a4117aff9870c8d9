import { once } from "node:events";
import { keptFilesCollection } from "../../src/hosting/kept-files.js";
import { createServer } from "node:http";
import type { Queue } from "../../src/drivers/queue/queue.js";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Row } from "../../src/drivers/store/collection.js";
import { healthOnly } from "../../src/hosting/health.js";
import { parkedJobs } from "../../src/hosting/parked-jobs.js";
import { createMetrics } from "../../src/hosting/metrics.js";
import { queueNames, type Member } from "../../src/kit/index.js";
import { newPerson } from "../../src/features/people/people.js";
import { aProposal } from "../support/builders.js";
import { aBrowser, aDeployment, type Deployment } from "../support/deployment.js";
import { engineName } from "../support/engine.js";

const token = "a token for the scraper alone";
const bearer = { Authorization: `Bearer ${token}` };
const camille: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language: "fr" };

describe("The figures of a deployment for its operator", function () {
  this.timeout(60_000);
  let watched: Deployment;
  let plain: Deployment;

  before(async () => {
    watched = await aDeployment({ env: { METRICS_TOKEN: token } });
    plain = await aDeployment();
    const instance = await watched.city("valmont.example");
    const citizen = watched.app.contexts({ instance, member: camille, language: "fr" });
    await newPerson(citizen, { _id: camille._id, name: camille.name });
    await aProposal(citizen);
    await watched.settle();
  });
  after(async () => {
    await watched.close();
    await plain.close();
  });

  const figures = async (): Promise<string> =>
    (await watched.browser("any.example").get("/metrics", bearer)).text;

  it("are shown to nobody without the token, and are nowhere when there is none", async () => {
    const visitor = watched.browser("valmont.example");

    expect(await visitor.get("/metrics")).to.include({ status: 401, text: "" });
    expect(await visitor.get("/metrics", { Authorization: "Bearer x" })).to.include({
      status: 401,
    });
    expect(await visitor.get("/metrics", bearer)).to.include({ status: 200 });
    const nothing = await plain.browser("any.example").get("/metrics", bearer);
    expect(nothing).to.include({ status: 404 });
  });

  it("are at one address, which a proxy can close, and at none that looks like it", async () => {
    const nowhere = watched.browser("any.example");
    for (const path of ["/metrics/", "/METRICS", "/Metrics", "/metric%73", "//metrics"]) {
      const { status, text } = await nowhere.get(path, bearer);
      expect(text, path).to.not.include("parvis_");
      expect(status, path).to.be.within(400, 499);
    }
    for (const path of ["/healthz/", "/readyz/", "/READYZ"]) {
      expect((await nowhere.get(path)).status, path).to.equal(421);
    }
  });

  it("tell requests apart by the pattern of their route, and never by an address", async () => {
    const visitor = watched.browser("valmont.example");
    for (const path of ["/proposals/1", "/proposals/1", "/secret-of-camille", "/healthz"]) {
      await visitor.get(path);
    }
    await visitor.ask("PUT", "/coffee-of-camille");
    await visitor.ask("POST", "/inbox", { body: "{}" });

    const text = await figures();

    const count = 'parvis_request_duration_seconds_count{role="all",method="GET"';
    expect(text).to.contain(`${count},route="/proposals/:number",status="200"} 2`);
    for (const label of [
      'route="(inbox)"',
      'route="(none)"',
      'route="(operation)"',
      'method="OTHER"',
    ]) {
      expect(text).to.contain(label);
    }
    expect(text).not.to.match(/of-camille|valmont|127\.0\.0\.1/);
  });

  it("tell how keeping and showing pictures went", async () => {
    const ctx = await watched.ctx("valmont.example");
    const name = await ctx.media.put(Buffer.from("a picture"), "png", 0);
    await ctx.media.get(name);
    const missing = `${"0".repeat(64)}.png`;
    const at = ctx.clock.now();
    const row = { _id: missing, name: missing, bytes: 1, at, until: at, claimedUntil: null };
    await ctx.collection(keptFilesCollection).insertOne(row);
    await ctx.media.get(missing);

    const text = await figures();

    for (const labels of [
      '"put",outcome="done"',
      '"get",outcome="done"',
      '"get",outcome="missing"',
    ]) {
      expect(text).to.contain(
        `parvis_media_duration_seconds_count{role="all",operation=${labels}} 1`,
      );
    }
  });

  it("tell how much waits for closed cities", async () => {
    const rows = watched.app.drivers.store.collection<Row>(parkedJobs.name);
    await rows.insertMany([{ _id: "default:a" }, { _id: "default:b" }]);

    const text = await figures();

    expect(text).to.contain('parvis_queue_jobs{queue="default",state="parked",role="all"} 2');
    expect(text).to.contain('parvis_queue_jobs{queue="delivery",state="parked",role="all"} 0');
  });

  it("tell how jobs ended, what waits and since when, and how long the store took", async () => {
    const text = await figures();

    expect(text).to.match(/parvis_jobs_total\{queue="default",job="[^"]+",outcome="done"/);
    for (const name of queueNames) {
      expect(text).to.contain(`parvis_queue_jobs{queue="${name}",state="dead",role="all"} 0`);
    }
    expect(text).to.contain('parvis_queue_oldest_seconds{queue="default",role="all"} 0');
    expect(text).to.match(
      /parvis_store_duration_seconds_count\{role="all",operation="insertOne"\} [1-9]/,
    );
    expect(text).to.contain("parvis_process_resident_memory_bytes");
    const isInRedis = engineName === "servers";
    expect(/^parvis_queue_memory_bytes/m.test(text)).to.equal(isInRedis);
  });

  it("tell deliveries that were sent from those that never were, although their job is done", async () => {
    const { instance } = await watched.ctx("valmont.example");
    const payload = { activityId: "forgotten", inbox: "https://social.example/inbox" };
    const data = { instanceId: instance._id, payload };
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const job = { id: "deliver/1", queue: "delivery", name: "federation.deliver", data };
    await watched.app.drivers.queue.add([{ ...job, attempts: 1, backoff }]);
    await watched.settle();

    const text = await figures();

    const done = 'queue="delivery",job="federation.deliver",outcome="done"';
    expect(text).to.contain(`parvis_jobs_total{${done},role="all"} 1`);
    expect(text).to.contain('parvis_deliveries_total{outcome="skipped",role="all"} 1');
    expect(text).to.contain('parvis_deliveries_total{outcome="sent",role="all"} 0');
  });

  it("tell since when jobs wait as it is now, not as it was at the last look", async () => {
    let since = new Date(0);
    const queue = {
      oldestDue: async () => since,
      counts: async () => ({ waiting: 1, delayed: 0, running: 0, dead: 0 }),
      memory: async () => null,
    } as unknown as Queue;
    const stored = async () => ({ parked: 0, kept: 7 });
    const parts = { token, role: "worker", queue, queues: ["default"], stored };
    const metrics = createMetrics({ ...parts, now: () => 90_000 });
    const server = createServer(healthOnly(watched.app.health, metrics)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const asked = aBrowser((server.address() as AddressInfo).port, "any.example");

    const first = await asked.get("/metrics", bearer);
    since = new Date(60_000);
    const second = await asked.get("/metrics", bearer);
    server.close();

    expect(first.text).to.contain('parvis_queue_oldest_seconds{queue="default",role="worker"} 90');
    expect(first.text).to.contain(
      'parvis_queue_jobs{queue="default",state="kept",role="worker"} 7',
    );
    expect(second.text).to.contain('parvis_queue_oldest_seconds{queue="default",role="worker"} 30');
  });

  it("come from a process without pages, too", async () => {
    const { health, metrics } = watched.app;
    const server = createServer(healthOnly(health, metrics)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const asked = aBrowser(port, "any.example");

    const answers = [await asked.get("/metrics", bearer), await asked.get("/metrics")];
    server.close();

    expect(answers.map(({ status }) => status)).to.deep.equal([200, 401]);
  });
});
