import { expect } from "chai";
import type { Row, Store } from "../../src/drivers/store/collection.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { closedWhileWriting } from "../support/closed-writes.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy, type TestProxy } from "../support/proxy.js";
import { rejection } from "./store.conformance-support.js";

interface Thing extends Row {
  readonly n: number;
  readonly text?: string;
}

/** A look at the server in a minute: nothing else than the limit of a call comes to the rescue. */
const patience = { selectionMs: 300, placeMs: 300, answerMs: 600, heartbeatMs: 60_000 };
const byN = [{ keys: { n: 1 } }] as const;

type Ask = (store: Store) => Promise<unknown>;

const things = (store: Store) => store.collection<Thing>("things");

async function firstOf(store: Store): Promise<unknown> {
  for await (const thing of things(store).find({})) return thing;
  return null;
}

/** Everything that is asked of a store. */
const asked: ReadonlyArray<readonly [string, Ask]> = [
  ["inserting one", (store) => things(store).insertOne({ _id: "b", n: 2 })],
  ["inserting many", (store) => things(store).insertMany([{ _id: "c", n: 3 }])],
  ["looking one up", (store) => things(store).findOne({ _id: "a" })],
  ["a list", (store) => things(store).find({}).toArray()],
  ["reading one by one", firstOf],
  ["changing one", (store) => things(store).updateOne({ _id: "a" }, { $inc: { n: 1 } })],
  ["changing many", (store) => things(store).updateMany({}, { $inc: { n: 1 } })],
  ["taking one", (store) => things(store).findOneAndUpdate({}, { $inc: { n: 1 } }, {})],
  ["removing one", (store) => things(store).deleteOne({ _id: "a" })],
  ["removing many", (store) => things(store).deleteMany({})],
  ["counting", (store) => things(store).countDocuments({})],
  ["the names of collections", (store) => store.collectionNames()],
  ["whether it is well", (store) => store.check()],
  ["how large it is", (store) => store.bytes()],
  ["making indexes", (store) => store.ensureIndexes("things", byN)],
];

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
