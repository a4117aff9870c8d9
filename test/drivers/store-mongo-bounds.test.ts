import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { closedWhileWriting } from "../support/closed-writes.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";
import { rejection } from "./store.conformance-support.js";
import { asked, byN, things } from "./store-mongo-asked.js";

/** A look at the server in a minute: nothing else than the limit of a call comes to the rescue. */
const patience = { selectionMs: 300, placeMs: 300, answerMs: 600, heartbeatMs: 60_000 };

describe("A call to MongoDB whose connection closes while it writes", function () {
  this.timeout(30_000);
  needs("mongodb");
  let [proxy, store]: [TestProxy, Store] = [] as never;
  const port = (): number => Number(new URL(proxy.url).port);

  beforeEach(async () => {
    proxy = await aProxy(await aMongoDatabase());
    // With two places, two calls that kept theirs would leave nothing to anybody.
    store = await openMongoStore(`${proxy.url}&maxPoolSize=2`, { patience });
    await things(store).insertOne({ _id: "a", n: 1 });
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await closeMongoStores();
  });

  it("ends, whichever it is, with an error that sends nobody away for good", async () => {
    for (const [what, ask] of asked) {
      const closing = closedWhileWriting(port());
      const error = await rejection(ask(store));
      closing.end();

      expect(isStoreUnavailable(error), `${what}: ${String(error)}`).to.equal(true);
    }
  });

  it("gives back its place, so that the others are served", async () => {
    const closing = closedWhileWriting(port());
    await Promise.allSettled(asked.slice(0, 4).map(([, ask]) => ask(store)));
    closing.end();

    const found = await Promise.all([1, 2, 3].map(() => things(store).findOne({ _id: "a" })));

    expect(found).to.deep.equal([1, 2, 3].map(() => ({ _id: "a", n: 1 })));
  });

  it("ends as well where the server takes half of what is written and then no more", async () => {
    const text = "é".repeat(7_000_000);
    proxy.hang();

    const error = await rejection(things(store).insertOne({ _id: "b", n: 2, text }));
    proxy.restore();

    expect(isStoreUnavailable(error), String(error)).to.equal(true);
    expect(await things(store).findOne({ _id: "b" })).to.equal(null);
  });
});

describe("An index that MongoDB builds", function () {
  this.timeout(30_000);
  needs("mongodb");
  afterEach(closeMongoStores);

  it("is waited for only while its server is there", async () => {
    const proxy = await aProxy(await aMongoDatabase());
    const store = await openMongoStore(proxy.url, { patience: { ...patience, heartbeatMs: 300 } });
    const port = Number(new URL(proxy.url).port);
    const closing = closedWhileWriting(port, { carrying: "createIndexes", most: 1 });

    const making = rejection(store.ensureIndexes("things", byN));
    await closing.first;
    proxy.cut();
    const error = await making;
    await store.close();
    await proxy.close();

    expect(isStoreUnavailable(error), String(error)).to.equal(true);
  });
});
