import { randomUUID } from "node:crypto";
import type { Store } from "../../src/drivers/store/collection.js";
import { whereIs } from "./needs.js";

const open = new Set<() => Promise<void>>();

/** An empty database on the MongoDB-compatible server. Drop it with `afterEach(closeMongoStores)`. */
export async function aMongoStore(): Promise<Store> {
  const { openMongoStore } = await import("../../src/drivers/store/mongo.js");
  let store: Store | null = null;
  const url = await aMongoDatabase(async () => store?.close());
  store = await openMongoStore(url);
  return store;
}

/**
 * The address of an empty database on the MongoDB-compatible server, for a process to open.
 * @param beforeDrop what is to end before `closeMongoStores` drops it
 */
export async function aMongoDatabase(
  beforeDrop: () => Promise<void> = async () => undefined,
): Promise<string> {
  const server = whereIs("mongodb");
  if (server === null) throw new Error("there is no MongoDB-compatible server");
  const { MongoClient } = await import("mongodb");
  const url = new URL(server);
  url.pathname = `/parvis_test_${randomUUID().slice(0, 8)}`;
  open.add(async () => {
    await beforeDrop();
    const client = await MongoClient.connect(url.href);
    await client.db().dropDatabase();
    await client.close();
  });
  return url.href;
}

/** Drop every database of the test that just ended. */
export async function closeMongoStores(): Promise<void> {
  for (const drop of open) await drop();
  open.clear();
}
