import { expect } from "chai";
import { MongoNetworkError, MongoServerError } from "mongodb";
import { duplicateKey, updateFailed } from "../../src/drivers/store/errors.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";

describe("A store that cannot answer", () => {
  it("is told from one that refuses, so that nobody is asked to try again in vain", () => {
    const steppedDown = new MongoServerError({ message: "not primary", code: 10107 });
    const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    const broken = Object.assign(new Error("EIO"), { code: "EIO", syscall: "fdatasync" });

    for (const error of [new MongoNetworkError("closed"), steppedDown, full, broken]) {
      expect(isStoreUnavailable(error), error.message).to.equal(true);
    }
    const refusals = [
      duplicateKey("people", "mail_1", { mail: 1 }, { mail: "x" }),
      updateFailed(28, "no such path"),
      new MongoServerError({ message: "bad value", code: 2 }),
      Object.assign(new Error("no such file"), { code: "ENOENT" }),
      Object.assign(new Error("a constraint"), { code: "SQLITE_CONSTRAINT" }),
      new Error("a bug"),
      null,
    ];
    for (const error of refusals) expect(isStoreUnavailable(error)).to.equal(false);
  });
});

describe("A MongoDB that goes away in the middle", function () {
  this.timeout(30_000);
  needs("mongodb");
  afterEach(closeMongoStores);

  /** Everything that may be under way when `fail` happens, and what is told of each. */
  async function underWay(fail: (proxy: TestProxy) => void): Promise<unknown[]> {
    const proxy = await aProxy(await aMongoDatabase());
    const patience = { heartbeatMs: 400, selectionMs: 500, answerMs: 8_000 };
    const store = await openMongoStore(proxy.url, { patience });
    const things = store.collection<{ _id: string; n: number }>("things");
    await things.insertOne({ _id: "a", n: 1 });
    // Held, so that each call has been sent and none is answered.
    proxy.hang();
    const calls = [
      things.insertOne({ _id: "b", n: 1 }),
      things.insertMany([{ _id: "c", n: 1 }]),
      things.insertMany([{ _id: "d", n: 1 }], { ordered: false }),
      things.findOne({ _id: "a" }),
      things.find({}).toArray(),
      things.updateOne({ _id: "a" }, { $set: { n: 2 } }),
      things.updateMany({}, { $set: { n: 2 } }),
      things.findOneAndUpdate({ _id: "a" }, { $set: { n: 2 } }, { returnDocument: "after" }),
      things.deleteMany({ n: 3 }),
      things.countDocuments({}),
      store.check(),
    ];
    fail(proxy);
    const ends = await Promise.allSettled(calls);
    await store.close();
    await proxy.close();
    return ends.map((end) => (end.status === "rejected" ? end.reason : end.value));
  }

  for (const [how, fail] of [
    ["falls silent", () => undefined],
    ["is cut off", (proxy: TestProxy) => proxy.cut()],
  ] as const) {
    it(`is told from one that refuses whatever was asked when it ${how}`, async () => {
      const ends = await underWay(fail);

      for (const end of ends) expect(isStoreUnavailable(end), String(end)).to.equal(true);
    });
  }

  it("is not what a second use of one value is taken for, among many rows or of one", async () => {
    const store = await openMongoStore(await aMongoDatabase());
    const things = store.collection<{ _id: string }>("things");
    await things.insertOne({ _id: "a" });

    const refusals = await Promise.allSettled([
      things.insertMany([{ _id: "b" }, { _id: "a" }], { ordered: false }),
      things.insertOne({ _id: "a" }),
    ]);
    await store.close();

    for (const refusal of refusals) {
      const { reason } = refusal as PromiseRejectedResult;
      expect(reason).to.include({ code: 11000 });
      expect(isStoreUnavailable(reason)).to.equal(false);
    }
  });
});
