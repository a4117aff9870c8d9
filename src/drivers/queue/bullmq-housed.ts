import { Queue as BullQueue } from "bullmq";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.js";
import { createShelves } from "./bullmq-shelves.js";
import { isDeploymentId, prefixOf, register } from "./redis-names.js";

/** A deployment that has, or had, its jobs in a Redis. */
export interface Housed {
  readonly deployment: string;
  /** Its store, as it called it. */
  readonly store: string;
  /** Jobs that wait or run, now or later. */
  readonly jobs: number;
  /** Whether a worker is connected for it. */
  readonly isServed: boolean;
}

/** Where to look, and for what. */
export interface Looking {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  readonly queues: readonly string[];
  readonly clock: Clock;
}

/** So many are looked at. */
const mostHoused = 100;
const patienceMs = 5_000;

/**
 * The deployments that have signed in to a Redis, at most 100.
 * @throws Error when Redis does not answer
 */
export async function housedIn({ url, queues, clock }: Looking): Promise<readonly Housed[]> {
  const log = { warn: () => undefined, error: () => undefined };
  const shelves = createShelves({ url, clock, log, prefix: "parvis", patienceMs });
  try {
    // It answers, be it full.
    await shelves.memory();
    const redis = shelves.connect();
    const signedIn = Object.entries(await redis.hgetall(register))
      .filter(([deployment]) => isDeploymentId(deployment))
      .slice(0, mostHoused);
    const found: Housed[] = [];
    for (const [deployment, store] of signedIn) {
      const looks = queues.map((queue) => look(redis, prefixOf(deployment), queue));
      const seen = await Promise.all(looks);
      const jobs = seen.reduce((sum, one) => sum + one.jobs, 0);
      found.push({ deployment, store, jobs, isServed: seen.some((one) => one.isServed) });
    }
    return found;
  } finally {
    await shelves.close();
  }
}

async function look(
  redis: Redis,
  prefix: string,
  name: string,
): Promise<Pick<Housed, "jobs" | "isServed">> {
  const queue = new BullQueue(name, { connection: redis, prefix, skipMetasUpdate: true });
  try {
    const counts = await queue.getJobCounts("wait", "prioritized", "active", "delayed");
    const jobs = Object.values(counts).reduce((sum, count) => sum + count, 0);
    // A Redis that may not list its clients is told as one client without a name of ours.
    const workers = await queue.getWorkers();
    return { jobs, isServed: workers.some(({ rawname = "" }) => rawname.startsWith(`${prefix}:`)) };
  } finally {
    await queue.close();
  }
}
