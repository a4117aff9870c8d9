import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { stateOf } from "../../src/hosting/web/state.js";
import { aKeptSite, closeKeptSites, sendKept, type KeptSite } from "../support/kept-site.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";

interface Idea {
  readonly _id: string;
  readonly title: string;
}

describe("A visitor's page on MongoDB", function () {
  this.timeout(20_000);
  needs("mongodb");
  let ms: number;
  let [here, elsewhere]: [Store, Store] = [] as never;
  let site: KeptSite;
  /** What happens next between the reading of a page and its end. */
  let whileMade: (() => Promise<unknown>) | null;

  beforeEach(async () => {
    [ms, whileMade] = [0, null];
    const { openMongoStore } = await import("../../src/drivers/store/mongo.js");
    const url = await aMongoDatabase(async () => {
      await Promise.all([here, elsewhere].map((store) => store.close()));
    });
    here = await openMongoStore(url, { now: () => ms });
    elsewhere = await openMongoStore(url);
    await here.collection<Idea>("ideas").insertOne({ _id: "bench", title: "A bench" });
    site = await aKeptSite({
      changes: here.changes,
      answer: async (_req, res) => {
        stateOf(res).watch?.("ideas");
        const idea = await here.collection<Idea>("ideas").findOne({ _id: "bench" });
        const act = whileMade;
        whileMade = null;
        await act?.();
        sendKept(res, String(idea?.title));
      },
    });
  });
  afterEach(async () => {
    closeKeptSites();
    await closeMongoStores();
  });

  const entitle = (store: Store, title: string) =>
    store.collection<Idea>("ideas").updateOne({ _id: "bench" }, { $set: { title } });
  const page = () => site.ask("ideas");

  it("is given again without asking MongoDB until a second has passed", async () => {
    await page();
    ms = 999;
    expect([await page(), site.made.now]).to.deep.equal(["A bench", 1]);

    ms = 1_000;
    expect([await page(), site.made.now]).to.deep.equal(["A bench", 2]);
  });

  it("shows at once what was written by this process", async () => {
    await page();
    await entitle(here, "Two benches");

    expect(await page()).to.equal("Two benches");
  });

  it("shows it to the next visitor when it was written while the page was made", async () => {
    whileMade = () => entitle(here, "Two benches");

    expect(await page()).to.equal("A bench");
    expect(await page()).to.equal("Two benches");
  });

  it("shows what another process wrote once that second has passed", async () => {
    await page();
    await entitle(elsewhere, "Two benches");
    ms = 1_000;

    expect(await page()).to.equal("Two benches");
  });
});
