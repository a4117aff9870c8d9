import { createIds } from "../clock.js";
import { defaultGraceMs, idleCheckMs } from "./bounds.js";
import { createWorker, type BullWorker } from "./bullmq-worker.js";
import { createShelves, type Shelves } from "./bullmq-shelves.js";
import { createSpool } from "./bullmq-spool.js";
import { createCalendar, untilNext } from "./calendar.js";
import { createDead, deadSide } from "./dead.js";
import { newOwner } from "./embedded-owner.js";
import { createLeftJobs } from "./left-jobs.js";
import { checkedData } from "./new-job.js";
import { readPlaces } from "./places.js";
import { withDefaults, type QueueOptions } from "./queue-options.js";
import { queueTables } from "./queue-tables.js";
import type { Queue } from "./queue.js";
import { repeating } from "./repeating.js";

/** A deployment, as whoever shares its Redis may read. */
export interface SignedIn {
  readonly deployment: string;
  /** Its store, without credentials. */
  readonly store: string;
}

/** What the queue on Redis is given. */
export interface BullQueueOptions extends QueueOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Begins every key; each deployment has its own, so that several may share one Redis. */
  readonly prefix: string;
  /** Who says in Redis that its jobs are there; nobody when absent. */
  readonly signedInAs?: SignedIn;
  /** How long Redis may take to answer a request before its jobs are kept in the store; 2 s. */
  readonly patienceMs?: number;
}

/**
 * The queue of a deployment with Redis: BullMQ runs the jobs, the store keeps the calendar, the dead,
 * and, while Redis does not answer, what was to be added. Decision 0006 says what is counted how.
 */
export function createBullQueue(given: BullQueueOptions): Queue {
  const options = withDefaults(given);
  const { clock, log, pollMs, leaseMs, random, tellLost } = options;
  const tables = queueTables(options.store);
  const shelves = createShelves({ ...options, patienceMs: options.patienceMs ?? 2_000 });
  const dead = createDead({ rows: tables.dead, clock, ownerOf: options.ownerOf });
  const spool = createSpool({
    ...{ rows: tables.spool, shelves, clock, log, ownerOf: options.ownerOf },
  });
  const workers = new Map<string, BullWorker>();
  const now = (): number => clock.now().getTime();
  const add: Queue["add"] = async (jobs) => {
    for (const job of jobs) checkedData(job);
    await tables.ready();
    await spool.add(jobs);
  };
  const calendar = createCalendar({ tables, clock, leaseMs }, add);
  const dates = repeating(log, () => untilNext(calendar, now, pollMs));
  const own = { owner: newOwner(), leaseMs, ids: createIds(clock), tellLost };
  const left = createLeftJobs({ tables, dead, clock, ...own }, shelves);
  const handOver = async (): Promise<number> =>
    (await spool.handOver()) || (await left.handOver()) ? 0 : pollMs;
  const handing = repeating(log, handOver, "what was kept for Redis could not be handed over");
  return {
    add,
    async schedule(schedules, keeping) {
      await calendar.declare(schedules, keeping);
      dates.wake();
    },
    process(queue, places, run) {
      const open = readPlaces(queue, places, workers);
      const parts = { ...{ queue, places: open, run, dead, leaseMs, log, random }, shelves, clock };
      workers.set(queue, createWorker({ ...parts, tellLost }));
    },
    async start() {
      await tables.ready();
      handing.start(pollMs);
      dates.start(pollMs);
      for (const worker of workers.values()) worker.start();
    },
    async counts(queue) {
      await tables.ready();
      const [inRedis, graves] = await Promise.all([shelves.counts(queue), dead.count(queue)]);
      return { ...inRedis, dead: graves };
    },
    oldestDue: (queue) => shelves.oldestDue(queue),
    peek: (queue, ids) => shelves.peek(queue, ids),
    ...deadSide(dead, tables),
    revive: (queue, ids) => dead.revive(queue, ids, { add, peek: shelves.peek }),
    drop: (queue, ids) => dead.drop(queue, ids),
    forget: (owner, from) => shelves.forget((data) => options.ownerOf?.(data) === owner, from),
    check: () => shelves.check(),
    memory: () => shelves.memory(),
    keeping: () => shelves.keeping(),
    idle: () =>
      whenIdle(shelves, [...workers.keys()], async () => {
        if (!(await spool.isEmpty()) || !(await left.isEmpty())) return false;
        return !(await calendar.isDue());
      }),
    async close(graceMs = defaultGraceMs) {
      const closing = [...workers.values()].map((worker) => worker.close(graceMs));
      await Promise.all([dates.stop(), handing.stop(), ...closing]);
      await shelves.close();
    },
  };
}

async function whenIdle(
  shelves: Shelves,
  queues: readonly string[],
  nothingElse: () => Promise<boolean>,
): Promise<void> {
  for (;;) {
    // In this order: what is handed over between the two is in one of them.
    const rest = await nothingElse();
    const counts = await Promise.all(queues.map((queue) => shelves.counts(queue)));
    if (rest && counts.every(({ waiting, running }) => waiting + running === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, idleCheckMs));
  }
}
