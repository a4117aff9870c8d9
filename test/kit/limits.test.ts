import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { scopedCollection } from "../../src/hosting/scoped-store.js";
import { giveBack, isUsedUp, takeOf, usageOf, type Ctx } from "../../src/kit/index.js";
import { noLimits, recountUsage } from "../../src/kit/limits.js";
import { aCity, closeCities, type City } from "../support/city.js";
import { aMongoStore, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";

const day = 24 * 3_600_000;

describe("What an instance may use", () => {
  let city: City;
  const aLimitedCity = async (limits: Partial<Ctx["limits"]>): Promise<Ctx> => {
    city = await aCity({ limits: { ...noLimits, ...limits } });
    return city.visitor;
  };
  afterEach(closeCities);

  async function takenAtOnce(ctx: Ctx, tries: number): Promise<number> {
    const all = await Promise.all(Array.from({ length: tries }, () => takeOf(ctx, "members")));
    return all.filter(Boolean).length;
  }

  it("is never passed, however many come at once", async () => {
    const ctx = await aLimitedCity({ members: 7 });

    expect(await takenAtOnce(ctx, 40)).to.equal(7);
    expect((await usageOf(ctx)).members).to.equal(7);
    expect(await isUsedUp(ctx, "members")).to.equal(true);
  });

  it("has room again once something is given back, and never owes anything", async () => {
    const ctx = await aLimitedCity({ members: 2 });
    await takenAtOnce(ctx, 5);

    await giveBack(ctx, "members");
    const again = await takenAtOnce(ctx, 5);
    for (let n = 0; n < 9; n += 1) await giveBack(ctx, "members");

    expect(again).to.equal(1);
    expect((await usageOf(ctx)).members).to.equal(0);
  });

  it("takes nothing that alone is more than there may be", async () => {
    const ctx = await aLimitedCity({ storage: 1_000 });

    expect(await takeOf(ctx, "storage", { amount: 1_001 })).to.equal(false);
    expect(await takeOf(ctx, "storage", { amount: 1_000 })).to.equal(true);
  });

  it("begins anew each day for mails, and only for them", async () => {
    const ctx = await aLimitedCity({ mails: 1, members: 1 });
    await takeOf(ctx, "mails");
    await takeOf(ctx, "members");
    expect(await takeOf(ctx, "mails")).to.equal(false);

    city.clock.advance(day);

    expect(await takeOf(ctx, "mails")).to.equal(true);
    expect(await takeOf(ctx, "members")).to.equal(false);
  });

  it("is counted where there is no limit, too, so that one can be set", async () => {
    const ctx = await aLimitedCity({});

    expect(await takenAtOnce(ctx, 12)).to.equal(12);
    expect(await isUsedUp(ctx, "members")).to.equal(false);
    expect((await usageOf(ctx)).members).to.equal(12);
  });

  it("is set right after a crash, unless somebody comes while it is counted", async () => {
    const ctx = await aLimitedCity({ members: 10 });
    await takenAtOnce(ctx, 4);

    await recountUsage(ctx, "members", async () => {
      await takeOf(ctx, "members");
      return 3;
    });
    const meanwhile = (await usageOf(ctx)).members;
    await recountUsage(ctx, "members", async () => 3);

    expect(meanwhile).to.equal(5);
    expect((await usageOf(ctx)).members).to.equal(3);
  });

  describe("on MongoDB", () => {
    needs("mongodb");
    let store: Store;
    before(async () => {
      store = await aMongoStore();
    });
    after(closeMongoStores);

    const onMongo = async (limits: Partial<Ctx["limits"]>): Promise<Ctx> => {
      const ctx = await aLimitedCity(limits);
      const collection: Ctx["collection"] = (def) => scopedCollection(store, ctx.instance._id, def);
      return { ...ctx, collection };
    };

    it("is had by all who come at once where there is no limit, the first ones too", async () => {
      const there = await onMongo({});

      expect(await takenAtOnce(there, 40)).to.equal(40);
      expect((await usageOf(there)).members).to.equal(40);
    });

    it("is never passed, however many come at once", async () => {
      const there = await onMongo({ members: 7 });

      expect(await takenAtOnce(there, 40)).to.equal(7);
      expect((await usageOf(there)).members).to.equal(7);
    });
  });
});
