import { Socket } from "node:net";
import { expect } from "chai";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aProxy } from "../support/proxy.js";

/** What is written to that port next is not taken, since the socket closes at that moment. */
function closedWhileWriting(port: number): Promise<void> {
  const { write } = Socket.prototype;
  return new Promise((resolve) => {
    Socket.prototype.write = function (this: Socket, ...given: unknown[]): boolean {
      if (this.remotePort !== port) return Reflect.apply(write, this, given) as boolean;
      Socket.prototype.write = write;
      this.destroy();
      resolve();
      return false;
    };
  });
}

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
    await closedWhileWriting(Number(new URL(proxy.url).port));
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
});
