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

/** Deployments that are asked about at once. */
const page = 100;
/** So many that have signed in are asked about: each trial has, and stays. */
const mostSignedIn = 10_000;
const patienceMs = 5_000;

/** Where a job is that waits or runs. */
const lists = ["wait", "prioritized", "active", "delayed"] as const;

/**
 * The deployments with jobs among those that have signed in to a Redis, of which the first 10,000 are
 * looked through; no more than are asked for are looked at.
 * @throws Error when Redis does not answer
 */
export async function* housedIn(looking: Looking): AsyncGenerator<Housed, void, undefined> {
  const { redis, close } = await open(looking);
  const seen = new Set<string>();
  try {
    let cursor = "0";
    do {
      const [next, answer] = await redis.hscan(register, cursor, "COUNT", page);
      const signedIn = pairs(answer).filter(([id]) => isDeploymentId(id) && !seen.has(id));
      for (const [id] of signedIn) seen.add(id);
      for (const entry of await withJobs(redis, looking.queues, signedIn)) {
        const found = await lookAt(redis, looking.queues, entry);
        if (found.jobs > 0) yield found;
      }
      cursor = next;
    } while (cursor !== "0" && seen.size < mostSignedIn);
  } finally {
    await close();
  }
}

/**
 * One deployment, with jobs or without; null when it has not signed in to this Redis.
 * @throws Error when Redis does not answer
 */
export async function housed(looking: Looking, deployment: string): Promise<Housed | null> {
  const { redis, close } = await open(looking);
  try {
    const store = await redis.hget(register, deployment);
    return store === null ? null : await lookAt(redis, looking.queues, [deployment, store]);
  } finally {
    await close();
  }
}

/**
 * Strike a deployment that has neither jobs nor a worker off those that have signed in; nothing where it has.
 * @throws Error when Redis does not answer
 */
export async function signOut(looking: Looking, deployment: string): Promise<void> {
  const { redis, close } = await open(looking);
  try {
    const { jobs, isServed } = await lookAt(redis, looking.queues, [deployment, ""]);
    if (jobs === 0 && !isServed) await redis.hdel(register, deployment);
  } finally {
    await close();
  }
}

interface Opened {
  readonly redis: Redis;
  close(): Promise<void>;
}

async function open({ url, clock }: Looking): Promise<Opened> {
  const log = { warn: () => undefined, error: () => undefined };
  const shelves = createShelves({ url, clock, log, prefix: "parvis", patienceMs });
  try {
    // It answers, be it full.
    await shelves.memory();
    return { redis: shelves.connect(), close: () => shelves.close() };
  } catch (error) {
    await shelves.close();
    throw error;
  }
}

/** A deployment's id and what its store is called. */
type SignedIn = readonly [deployment: string, store: string];

function pairs(flat: readonly string[]): readonly SignedIn[] {
  return flat.flatMap((id, n): SignedIn[] => (n % 2 === 0 ? [[id, flat[n + 1] ?? ""]] : []));
}

/** Redis has no empty list: where it has one, there are jobs. */
async function withJobs(
  redis: Redis,
  queues: readonly string[],
  signedIn: readonly SignedIn[],
): Promise<readonly SignedIn[]> {
  const asked = redis.pipeline();
  for (const [id] of signedIn) {
    const keys = queues.flatMap((queue) => lists.map((list) => `${prefixOf(id)}:${queue}:${list}`));
    asked.exists(...keys);
  }
  const answers = (await asked.exec()) ?? [];
  const failed = answers.find(([error]) => error !== null);
  if (failed !== undefined) throw failed[0];
  return signedIn.filter((_, n) => answers[n]?.[1] !== 0);
}

async function lookAt(
  redis: Redis,
  queues: readonly string[],
  [deployment, store]: SignedIn,
): Promise<Housed> {
  const prefix = prefixOf(deployment);
  const seen = await Promise.all(queues.map((queue) => look(redis, prefix, queue)));
  const jobs = seen.reduce((sum, one) => sum + one.jobs, 0);
  return { deployment, store, jobs, isServed: seen.some((one) => one.isServed) };
}

async function look(
  redis: Redis,
  prefix: string,
  name: string,
): Promise<Pick<Housed, "jobs" | "isServed">> {
  const queue = new BullQueue(name, { connection: redis, prefix, skipMetasUpdate: true });
  try {
    const counts = await queue.getJobCounts(...lists);
    const jobs = Object.values(counts).reduce((sum, count) => sum + count, 0);
    // A Redis that may not list its clients is told as one client without a name of ours.
    const workers = await queue.getWorkers();
    return { jobs, isServed: workers.some(({ rawname = "" }) => rawname.startsWith(`${prefix}:`)) };
  } finally {
    await queue.close();
  }
}
