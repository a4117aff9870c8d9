import { expect } from "chai";
import { z } from "zod";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { defineFeature, defineJob } from "../../src/kit/index.js";
import { aProposal } from "../support/builders.js";
import { aCityOnMongo, until, type CityOnMongo } from "../support/city-on-mongo.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aReplicaSet, type ReplicaSet } from "../support/replica-set/set.js";

/** After which every job that found no store is tried again. */
const restMs = 10_000;

describe("A city on a replica set that elects another primary", function () {
  this.timeout(120_000);
  needs("mongodb");
  let [set, the]: [ReplicaSet, CityOnMongo] = [] as never;
  /** Begun by the job, and told to go on; it can be given up at its first failure. */
  const work = { began: 0, ended: 0, goOn: (): void => undefined, may: Promise.resolve() };
  const job = defineJob({
    ...{ name: "looking", payload: z.object({}), attempts: 1 },
    async run(ctx) {
      work.began += 1;
      await work.may;
      await ctx.collection(proposalsCollection).findOne({ number: 1 });
      work.ended += 1;
    },
  });

  before(async () => {
    const url = await aMongoDatabase();
    set = await aReplicaSet(url);
    const looking = defineFeature({ name: "looking", jobs: [job] });
    the = await aCityOnMongo(set.url(new URL(url).pathname.slice(1)), { features: [looking] });
  });
  after(async () => {
    await the?.close();
    await set?.close();
    await closeMongoStores();
  });

  for (const [how, lose] of [
    ["steps down", (primary: number) => Promise.resolve(set.stepDown()).then(() => primary)],
    ["ends", (primary: number) => set.kill(primary)],
    ["answers no more", (primary: number) => Promise.resolve(set.mute(primary))],
  ] as const) {
    it(`says so while there is none, when the primary ${how}, and goes on by itself`, async () => {
      const primary = set.primary ?? 0;
      const published = await aProposal(the.citizen, { title: `Des bancs, quand il ${how}` });
      Object.assign(work, { began: 0, ended: 0 });
      work.may = new Promise((resolve) => (work.goOn = resolve));
      await the.citizen.enqueue(job, {});
      await until(async () => work.began === 1);

      await lose(primary);
      work.goOn();
      const page = await the.visitor.get("/");
      const ready = await the.visitor.get("/readyz");
      const refused = await aProposal(the.citizen).catch((error: unknown) => error);

      expect(page).to.include({ status: 503 });
      expect(page.headers["retry-after"]).to.equal("10");
      expect(ready.status).to.equal(503);
      expect(ready.text).to.match(/^not ready: store/);
      expect(isStoreUnavailable(refused), String(refused)).to.equal(true);

      set.elect((primary + 1) % 3);
      await until(async () => (await the.visitor.get("/readyz")).status === 200);
      const { status, text } = await the.visitor.get(`/proposals/${published.number}`);
      the.later(restMs);
      await until(async () => work.ended === 1);
      await set.start(primary);

      expect(status).to.equal(200);
      expect(text).to.contain(published.title);
      expect(await the.app.drivers.queue.dead("default", 10)).to.deep.equal([]);
    });
  }

  it("does not ask a visitor to come back when another primary is there at once", async () => {
    const primary = set.primary ?? 0;

    set.stepDown();
    set.elect((primary + 1) % 3);
    const { status } = await the.visitor.get("/");

    expect(status).to.equal(200);
  });
});
