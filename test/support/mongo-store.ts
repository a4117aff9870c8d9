import { randomUUID } from "node:crypto";
import type { Store } from "../../src/drivers/store/collection.js";
import { whereIs } from "./needs.js";

const open = new Set<() => Promise<void>>();

/** An empty database on the MongoDB-compatible server. Drop it with `afterEach(closeMongoStores)`. */
export async function aMongoStore(): Promise<Store> {
  const url = whereIs("mongodb");
  if (url === null) throw new Error("there is no MongoDB-compatible server");
  const [{ openMongoStore }, { MongoClient }] = await Promise.all([
    import("../../src/drivers/store/mongo.js"),
    import("mongodb"),
  ]);
  const dbName = `parvis_test_${randomUUID().slice(0, 8)}`;
  const store = await openMongoStore(url, { dbName });
  open.add(async () => {
    await store.close();
    const client = await MongoClient.connect(url);
    await client.db(dbName).dropDatabase();
    await client.close();
  });
  return store;
}

/** Drop every database of the test that just ended. */
export async function closeMongoStores(): Promise<void> {
  for (const drop of open) await drop();
  open.clear();
}
