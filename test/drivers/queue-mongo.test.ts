import { randomUUID } from "node:crypto";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import { queueConformance, townOf, type QueueBacking } from "./queue.conformance.js";

const url = process.env["MONGODB_URL"];

if (url === undefined || url === "") {
  describe("the queue embedded in MongoDB", () => {
    it("is not tested: MONGODB_URL is not set");
  });
} else {
  const root = `parvis_queue_${randomUUID().slice(0, 8)}`;
  let opened = 0;
  queueConformance("the queue embedded in MongoDB", async (): Promise<QueueBacking> => {
    const [{ openMongoStore }, { MongoClient }] = await Promise.all([
      import("../../src/drivers/store/mongo.js"),
      import("mongodb"),
    ]);
    opened += 1;
    const dbName = `${root}_${opened}`;
    const store = await openMongoStore(url, { dbName });
    const queues: Queue[] = [];
    let ahead = 0;
    const clock: Clock = { now: () => new Date(Date.now() + ahead) };
    return {
      queue() {
        const queue = createEmbeddedQueue({
          ...{ store, clock, ids: createIds(clock), pollMs: 10, ownerOf: townOf },
        });
        queues.push(queue);
        return queue;
      },
      advance: async (ms) => void (ahead += ms),
      async close() {
        await Promise.all(queues.map((queue) => queue.close(1)));
        await store.close();
        const client = await MongoClient.connect(url);
        await client.db(dbName).dropDatabase();
        await client.close();
      },
    };
  });
}
