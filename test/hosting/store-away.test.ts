import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { pino } from "pino";
import { z } from "zod";
import { createApp, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { createIds, systemClock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { newPerson } from "../../src/features/people/people.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import {
  defineFeature,
  defineJob,
  type Ctx,
  type Instance,
  type Member,
} from "../../src/kit/index.js";
import { aProposal } from "../support/builders.js";
import { aBrowser, type Browser } from "../support/deployment.js";
import { intercepting } from "../support/faults.js";
import { aCity, aMailer, closeCities } from "../support/city.js";
import { aMedia } from "../support/media.js";
import { needs, whereIs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";

const camille: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language: "fr" };

describe("A city whose MongoDB fails", function () {
  this.timeout(120_000);
  needs("mongodb");
  let the: City;
  const back = async (): Promise<void> => {
    the.proxy.restore();
    await until(async () => (await the.visitor.get("/readyz")).status === 200);
  };

  before(async () => {
    the = await aCityOnMongo();
  });
  beforeEach(() => back());
  after(() => the?.close());

  for (const [how, fail] of [
    ["cuts every connection", () => the.proxy.cut()],
    ["hangs", () => the.proxy.hang()],
  ] as const) {
    it(`says so within seconds when it ${how}, and goes on by itself once it is back`, async () => {
      await until(async () => (await the.visitor.get("/")).status === 200);
      const published = await aProposal(the.citizen, { title: `Des bancs (${how})` });

      fail();
      const page = await the.visitor.get("/");
      const ready = await the.visitor.get("/readyz");
      const refused = await aProposal(the.citizen).catch((error: unknown) => error);

      expect(page).to.include({ status: 503 });
      expect(page.headers["retry-after"]).to.equal("10");
      expect(page.text).to.contain("Rien de ce qui était enregistré n’est perdu");
      expect(page.text).to.contain('href="/"');
      expect(ready.status).to.equal(503);
      expect(ready.text).to.match(/^not ready: store/);
      expect(isStoreUnavailable(refused), String(refused)).to.equal(true);

      await back();
      const { status, text } = await the.visitor.get(`/proposals/${published.number}`);

      expect(status).to.equal(200);
      expect(text).to.contain(published.title);
    });
  }

  it("tells other servers to come again, so that none of them takes a delivery for refused", async () => {
    const { host } = await the.another();
    the.proxy.cut();

    const answer = await aBrowser(the.port, host).ask("POST", "/inbox", {
      headers: { "Content-Type": "application/activity+json", Accept: "*/*" },
      body: "{}",
    });

    expect(answer.status).to.equal(503);
    expect(answer.headers["retry-after"]).to.equal("10");
    expect(JSON.parse(answer.text)).to.deep.equal({ error: "store-unavailable", errors: [] });
  });

  it("answers its own error page to whoever sends a form, without asking the store for it", async () => {
    const { host } = await the.another();
    the.proxy.cut();

    const answer = await aBrowser(the.port, host).post("/sign-in", { mail: "a@b.example" });

    expect(answer.status).to.equal(503);
    expect(answer.text).to.contain("regardez s’il n’est pas déjà publié");
  });

  it("loses neither a proposal nor its news when the cut comes right after it was written", async () => {
    the.cutAfterInsert();
    await aProposal(the.citizen, { title: "Un banc sous le tilleul" }).catch(() => undefined);
    expect(await the.intents().catch(() => "away")).to.equal("away");

    await back();
    await until(async () => (await the.app.outbox.sweep(0)) >= 0 && (await the.intents()) === 0);
    await the.app.drivers.queue.idle();

    const found = await the.citizen.collection(proposalsCollection).find({}).toArray();
    expect(found.map(({ title }) => title)).to.include("Un banc sous le tilleul");
    expect(await the.app.drivers.queue.dead("default", 10)).to.deep.equal([]);
  });
});

describe("A job that finds no store", () => {
  afterEach(closeCities);

  it("is not given up however often it is begun meanwhile", async () => {
    const full = Object.assign(new Error("disk is full"), { code: "SQLITE_FULL" });
    let runs = 0;
    const job = defineJob({
      ...{ name: "write", payload: z.object({}), attempts: 2 },
      run: async () => {
        runs += 1;
        if (runs <= 5) throw full;
      },
    });
    const city = await aCity({ features: [defineFeature({ name: "writing", jobs: [job] })] });

    await city.visitor.enqueue(job, {});
    for (let i = 0; i < 6; i += 1) await city.later(20_000);

    expect(runs).to.equal(6);
    expect(await city.queue.dead("default", 10)).to.deep.equal([]);
  });
});

interface City {
  readonly app: App;
  readonly proxy: TestProxy;
  readonly port: number;
  readonly visitor: Browser;
  readonly citizen: Ctx;
  another(): Promise<Instance>;
  intents(): Promise<number>;
  cutAfterInsert(): void;
  close(): Promise<void>;
}

async function aCityOnMongo(): Promise<City> {
  const url = whereIs("mongodb") ?? "";
  const [{ openMongoStore }, { MongoClient }] = await Promise.all([
    import("../../src/drivers/store/mongo.js"),
    import("mongodb"),
  ]);
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-away-"));
  const dbName = `parvis_away_${randomUUID().slice(0, 8)}`;
  const proxy = await aProxy(url);
  const patience = { selectionMs: 500, answerMs: 1_000, placeMs: 1_000, heartbeatMs: 1_500 };
  const armed = { cut: false };
  const bare = await openMongoStore(proxy.url, { dbName, patience });
  const store = intercepting(["proposals", "insertOne"], async (call) => {
    const written = await call();
    if (armed.cut) proxy.cut();
    armed.cut = false;
    return written;
  })(bare);
  const log = pino({ level: "silent" });
  const clock = systemClock;
  const queue = createEmbeddedQueue({ store, clock, ids: createIds(clock), log, pollMs: 50 });
  const { mailer } = aMailer();
  const app = await createApp(loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: "silent" }), {
    ...{ store, queue, mailer, media: aMedia(), clock, log },
  });
  const found = (host: string): Promise<Instance> =>
    app.instances.create({
      ...{ origin: `http://${host}`, name: "Valmont", language: "fr", kind: "city" },
      setUpTokenHash: null,
    });
  const instance = await found("valmont.example");
  await app.start();
  const citizen = app.contexts({ instance, member: camille, language: "fr" });
  await newPerson(citizen, { _id: camille._id, name: camille.name });
  const server = await listening(app);
  const { port } = server.address() as AddressInfo;
  return {
    ...{ app, proxy, port, citizen },
    visitor: aBrowser(port, "valmont.example"),
    another: () => found(`${randomUUID().slice(0, 8)}.example`),
    intents: () => store.collection("intents").countDocuments({}),
    cutAfterInsert: () => void (armed.cut = true),
    async close() {
      proxy.restore();
      server.closeAllConnections();
      server.close();
      await app.close();
      await proxy.close();
      const client = await MongoClient.connect(url);
      await client.db(dbName).dropDatabase();
      await client.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function listening(app: App): Promise<Server> {
  const server = createServer(app.web).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("it did not come to pass");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
