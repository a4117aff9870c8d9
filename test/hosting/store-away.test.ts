import { expect } from "chai";
import { z } from "zod";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { defineFeature, defineJob } from "../../src/kit/index.js";
import { aProposal } from "../support/builders.js";
import { aCity, closeCities } from "../support/city.js";
import { aCityOnMongo, until, type CityOnMongo } from "../support/city-on-mongo.js";
import { aBrowser } from "../support/deployment.js";
import { intercepting } from "../support/faults.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";

describe("A city whose MongoDB fails", function () {
  this.timeout(120_000);
  needs("mongodb");
  let the: Failing;
  const back = async (): Promise<void> => {
    the.proxy.restore();
    await until(async () => (await the.visitor.get("/readyz")).status === 200);
  };

  before(async () => {
    the = await aFailingCity();
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

interface Failing extends CityOnMongo {
  readonly proxy: TestProxy;
  cutAfterInsert(): void;
}

async function aFailingCity(): Promise<Failing> {
  const url = await aMongoDatabase();
  const proxy = await aProxy(url);
  const armed = { cut: false };
  const through = intercepting(["proposals", "insertOne"], async (call) => {
    const written = await call();
    if (armed.cut) proxy.cut();
    armed.cut = false;
    return written;
  });
  const city = await aCityOnMongo(proxy.url, { through });
  return {
    ...{ ...city, proxy },
    cutAfterInsert: () => void (armed.cut = true),
    async close() {
      proxy.restore();
      await city.close();
      await proxy.close();
      await closeMongoStores();
    },
  };
}
