import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { aRedis } from "../support/redis.js";
import { has } from "./process.js";

/** What a town keeps its data and its jobs in. */
export interface Engine {
  readonly name: "embedded" | "MongoDB and Redis";
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** SQLite in the town's folder, which also keeps the jobs. */
export const embedded: Engine = {
  name: "embedded",
  env: { MONGODB_URL: "", REDIS_URL: "" },
  remove: () => Promise.resolve(),
};

/**
 * A database of its own at `MONGODB_URL` and a Redis of its own that syncs every write; null where one
 * of the two is missing.
 */
export async function openServers(): Promise<Engine | null> {
  const url = process.env["MONGODB_URL"];
  if (url === undefined || url === "" || !has("redis-server")) return null;
  const own = new URL(url);
  const name = `parvis_bench_${randomUUID().slice(0, 8)}`;
  if (own.pathname.length > 1 && !own.searchParams.has("authSource")) {
    own.searchParams.set("authSource", own.pathname.slice(1));
  }
  own.pathname = `/${name}`;
  const redis = await aRedis("redis-server");
  return {
    name: "MongoDB and Redis",
    env: { MONGODB_URL: own.href, REDIS_URL: redis.url },
    async remove() {
      await redis.remove();
      const client = new MongoClient(url);
      await client.connect();
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}

/** What benches are run on: the embedded engine, and the servers where they are. */
export async function openEngines(): Promise<readonly Engine[]> {
  const servers = await openServers();
  if (servers !== null) return [embedded, servers];
  process.stdout.write("\nOn MongoDB and Redis nothing is measured: set MONGODB_URL\n");
  return [embedded];
}
