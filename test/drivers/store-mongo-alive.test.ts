import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { closedWhileWriting } from "../support/closed-writes.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy } from "../support/proxy.js";

describe("MongoDB that was away", function () {
  this.timeout(30_000);
  needs("mongodb");
  afterEach(closeMongoStores);

  it("serves again by itself, even where the driver waits for a connection that is gone", async () => {
    const proxy = await aProxy(await aMongoDatabase());
    const patience = { heartbeatMs: 500, selectionMs: 600, answerMs: 2_000 };
    const store = await openMongoStore(proxy.url, { patience });
    const things = store.collection<{ _id: string; n: number }>("things");
    await things.insertOne({ _id: "a", n: 1 });

    // Nobody asks anything: it is the driver's own look at its server.
    await closedWhileWriting(Number(new URL(proxy.url).port), { most: 1 }).first;
    proxy.cut();
    await things.findOne({ _id: "a" }).catch(() => undefined);
    proxy.restore();
    const found: unknown[] = [];
    const errors: unknown[] = [];
    while (found.length === 0 && errors.length < 25) {
      await things.findOne({ _id: "a" }).then(
        (row) => found.push(row),
        (error: unknown) => errors.push(error),
      );
    }
    await store.close();
    await proxy.close();

    expect(found).to.deep.equal([{ _id: "a", n: 1 }]);
    for (const error of errors) expect(isStoreUnavailable(error), String(error)).to.equal(true);
  });

  it("serves again by itself, even where somebody asks a new client in vain", async () => {
    const proxy = await aProxy(await aMongoDatabase());
    const patience = { heartbeatMs: 200, selectionMs: 100, answerMs: 2_000 };
    const store = await openMongoStore(proxy.url, { patience });
    const things = store.collection<{ _id: string; n: number }>("things");
    await things.insertOne({ _id: "a", n: 1 });

    await closedWhileWriting(Number(new URL(proxy.url).port), { most: 1 }).first;
    proxy.cut();
    const until = Date.now() + 2_500;
    const errors: unknown[] = [];
    while (Date.now() < until) {
      await things.findOne({ _id: "a" }).catch((error: unknown) => errors.push(error));
    }
    proxy.restore();
    const row = await eventually(() => things.findOne({ _id: "a" }));
    await store.close();
    await proxy.close();

    expect(row).to.deep.equal({ _id: "a", n: 1 });
    for (const error of errors) expect(isStoreUnavailable(error), String(error)).to.equal(true);
  });
});

/** What comes of asking again and again until it succeeds, or of the last time. */
async function eventually<R>(ask: () => Promise<R>): Promise<R> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}
