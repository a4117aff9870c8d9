import type { Config } from "../config.js";
import { systemClock } from "../drivers/clock.js";
import type { Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import { deploymentId } from "../drivers/store/deployment-id.js";
import { storePlace } from "../hosting/opening.js";
import { queueNames } from "../kit/index.js";
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

/** Whether the Redis that holds the jobs may lose some; nothing where there is none, or it does not tell. */
export async function checkKeeping(queue: Queue): Promise<Finding[]> {
  const keeping = await queue.keeping().catch(() => null);
  if (keeping === null) return [];
  const found: Finding[] = [];
  if (keeping.evicts !== null) {
    const text = `throws jobs away to make room (${keeping.evicts})`;
    found.push(finding("Redis", "warn", text, "set its maxmemory-policy to noeviction"));
  }
  if (!keeping.isOnDisk) {
    const text =
      "writes no job down as it comes: a crash takes those since its last snapshot, or all";
    found.push(finding("Redis", "warn", text, "set its appendonly to yes, appendfsync to always"));
  } else if (keeping.isSynced === false) {
    const text = "writes jobs to disk a moment later: a power cut takes the last ones";
    found.push(finding("Redis", "warn", text, "set its appendfsync to always"));
  }
  return found;
}

/** Whether jobs wait in Redis for a deployment that nobody serves, such as one whose store was lost. */
export async function checkLeftInRedis(config: Config, store: Store): Promise<Finding[]> {
  if (config.redisUrl === null) return [];
  const { housedIn } = await import("../drivers/queue/bullmq-housed.js");
  const looking = { url: config.redisUrl, queues: queueNames, clock: systemClock };
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
