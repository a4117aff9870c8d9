import { Socket } from "node:net";
import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy } from "../support/proxy.js";
import { rejection } from "./store.conformance-support.js";
import { asked, things } from "./store-mongo-asked.js";

/** What Node does with all that is written to a socket between its other side's end and its own. */
function endedByTheOtherSide(port: number): { stop(): void } {
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...given: unknown[]): boolean {
    if (this.remotePort !== port) return Reflect.apply(write, this, given) as boolean;
    const message = "This socket has been ended by the other party";
    this.destroy(Object.assign(new Error(message), { code: "EPIPE" }));
    return false;
  };
  return { stop: () => void (Socket.prototype.write = write) };
}

async function readOneByOne(store: Store, atFirst = async (): Promise<void> => undefined) {
  let rows = 0;
  for await (const _thing of things(store).find({}, { sort: { _id: 1 } })) {
    rows += 1;
    if (rows === 1) await atFirst();
  }
  return rows;
}

describe("A connection to MongoDB that ends", function () {
  needs("mongodb");
  afterEach(closeMongoStores);

  it("at the moment something is written to it is no bug of whoever asked", async () => {
    const proxy = await aProxy(await aMongoDatabase());
    const patience = { selectionMs: 300, heartbeatMs: 60_000 };
    const store = await openMongoStore(proxy.url, { patience });
    await things(store).insertOne({ _id: "a", n: 1 });

    for (const [what, ask] of asked) {
      await things(store).findOne({ _id: "a" });
      const ended = endedByTheOtherSide(Number(new URL(proxy.url).port));
      const error = await rejection(ask(store)).finally(() => ended.stop());
      expect(isStoreUnavailable(error), `${what}: ${String(error)}`).to.equal(true);
    }
    await store.close();
    await proxy.close();
  });

  it("in the middle of a list never passes the beginning off as the whole", async () => {
    const store = await openMongoStore(await aMongoDatabase());
    const many = Array.from({ length: 250 }, (_, n) => ({ _id: String(n).padStart(3, "0"), n }));
    await things(store).insertMany(many);

    expect(await readOneByOne(store)).to.equal(250);
    const error = await rejection(readOneByOne(store, () => store.close()));

    expect(isStoreUnavailable(error), String(error)).to.equal(true);
  });
});
