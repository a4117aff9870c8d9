import type { Config } from "../config.js";
import { systemClock } from "../drivers/clock.js";
import type { Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import { deploymentId } from "../drivers/store/deployment-id.js";
import { storePlace } from "../hosting/opening.js";
import { finding, type Finding } from "./doctor-checks.js";

const mostTold = 5;

/** Whoever is told at this share has time to raise it. */
const tight = 0.8;
const megabyte = 1_000_000;

/** How full the Redis is that holds the jobs; nothing where there is none, or it does not tell. */
export async function checkRedis(queue: Queue): Promise<Finding[]> {
  const memory = await queue.memory().catch(() => null);
  if (memory === null) return [];
  const { used, most } = memory;
  const inUse = `${(used / megabyte).toFixed(1)} MB used`;
  if (most === null) return [finding("Redis", "ok", `${inUse}, no maxmemory`)];
  const text = `${inUse} of ${(most / megabyte).toFixed(1)} MB`;
  if (used < tight * most) return [finding("Redis", "ok", text)];
  return [finding("Redis", "warn", text, "raise its maxmemory: once it is full, no job is begun")];
}

/** Whether jobs wait in Redis for a deployment that nobody serves, such as one whose store was lost. */
export async function checkLeftInRedis(config: Config, store: Store): Promise<Finding[]> {
  if (config.redisUrl === null) return [];
  const { housedIn } = await import("../drivers/queue/bullmq-housed.js");
  const looking = { url: config.redisUrl, queues: ["default", "delivery"], clock: systemClock };
  const own = await deploymentId(store, storePlace(config));
  const told: Finding[] = [];
  try {
    for await (const { deployment, jobs, isServed, store: name } of housedIn(looking)) {
      if (deployment === own || isServed) continue;
      const text = `${jobs} jobs wait for a deployment without a worker: ${deployment}, ${name}`;
      const remedy = `if this store has taken its place, stop the server: move-queue --of ${deployment}`;
      told.push(finding("Redis", "warn", text, remedy));
      if (told.length === mostTold) break;
    }
  } catch {
    // That Redis does not answer is said of the queues.
  }
  return told;
}
