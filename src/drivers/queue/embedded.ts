import type { Clock, Ids } from "../clock.js";
import type { Store } from "../store/collection.js";
import { createCalendar } from "./embedded-calendar.js";
import { createLane, type Lane, type LaneParts, type QueueLog } from "./embedded-lane.js";
import { newOwner } from "./embedded-owner.js";
import type { QueueParts } from "./embedded-parts.js";
import { queueTables, rowId } from "./embedded-rows.js";
import { createShelf } from "./embedded-shelf.js";
import { failureText } from "./failure-text.js";
import { checkQueueName } from "./new-job.js";
import type { Queue, QueueCounts, QueuedJob } from "./queue.js";
import { createSignal, type Signal } from "./signal.js";

export type { QueueLog };

/** What the embedded queue is given. */
export interface EmbeddedQueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Store failures and jobs given up; silent when absent. */
  readonly log?: QueueLog;
  /** How often to look for what other processes added; 1 s. */
  readonly pollMs?: number;
  /** How long a silent process keeps its jobs; 10 s, renewed three times as often. */
  readonly leaseMs?: number;
  /** Where the jitter comes from: 0 to 1. */
  readonly random?: () => number;
}

const DEFAULT_GRACE_MS = 10_000;
const IDLE_CHECK_MS = 10;
const always = (): null => null;
const silent: QueueLog = { warn: () => undefined, error: () => undefined };

/**
 * A durable queue kept in the store itself, for a deployment without Redis. Nothing but
 * single-document atomicity is asked of the store, so any number of processes may share it.
 */
export function createEmbeddedQueue(options: EmbeddedQueueOptions): Queue {
  const { clock, ids, leaseMs = 10_000, pollMs = 1_000, log = silent } = options;
  const tables = queueTables(options.store);
  const parts: QueueParts = { tables, clock, ids, owner: newOwner(), leaseMs };
  const shelf = createShelf(parts);
  const lanes = new Map<string, Lane>();
  const add: Queue["add"] = async (jobs) => {
    await shelf.add(jobs);
    for (const queue of new Set(jobs.map((job) => job.queue))) lanes.get(queue)?.wake();
  };
  const calendar = createCalendar(parts, add);
  const now = (): number => clock.now().getTime();
  const shared = { shelf, now, random: options.random ?? Math.random, pollMs, log };
  const dates = repeating(log, async () => {
    const nextAt = await calendar.fire();
    return nextAt === null ? pollMs : Math.min(pollMs, Math.max(1, nextAt - now()));
  });
  const keeper = repeating(log, async () => {
    for (const lane of lanes.values()) await lane.keep();
    return leaseMs / 3;
  });
  return {
    add,
    async schedule(schedules) {
      await calendar.declare(schedules);
      dates.wake();
    },
    process(queue, places, run) {
      const { most: concurrency, pace = always } =
        typeof places === "number" ? { most: places } : places;
      addLane(lanes, { ...shared, queue, concurrency, pace, run });
    },
    async start() {
      await tables.ready();
      keeper.start(pollMs);
      dates.start(pollMs);
      for (const lane of lanes.values()) lane.start();
    },
    counts: (queue) => counts(parts, queue),
    peek: (queue, wanted) => peek(parts, queue, wanted),
    idle: () => whenIdle(parts, [...lanes.keys()]),
    async close(graceMs = DEFAULT_GRACE_MS) {
      const closing = [...lanes.values()].map((lane) => lane.close(graceMs));
      await Promise.all([dates.stop(), ...closing]);
      await keeper.stop();
    },
  };
}

function addLane(lanes: Map<string, Lane>, parts: LaneParts): void {
  checkQueueName(parts.queue);
  if (lanes.has(parts.queue)) throw new Error(`"${parts.queue}" has its worker already`);
  if (!Number.isInteger(parts.concurrency) || parts.concurrency < 1) {
    throw new RangeError(`"${parts.queue}" needs room for at least one job at a time`);
  }
  lanes.set(parts.queue, createLane(parts));
}

interface Repeating {
  start(pauseMs: number): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Runs `step` again and again, each time after the milliseconds it asked for. */
function repeating(log: QueueLog, step: () => Promise<number>): Repeating {
  const signal: Signal = createSignal();
  let stopping = false;
  let loop = Promise.resolve();
  const run = async (pauseMs: number): Promise<void> => {
    while (!stopping) {
      const waitMs = await step().catch((error: unknown) => {
        log.warn({ error: failureText(error) }, "the queue's store failed");
        return pauseMs;
      });
      if (!stopping) await signal.wait(waitMs);
    }
  };
  return {
    start: (pauseMs) => {
      loop = run(pauseMs);
    },
    wake: () => signal.ring(),
    stop: async () => {
      stopping = true;
      signal.ring();
      await loop;
    },
  };
}

async function counts({ tables, clock }: QueueParts, queue: string): Promise<QueueCounts> {
  await tables.ready();
  const time = clock.now().getTime();
  const [waiting, delayed, running, dead] = await Promise.all([
    tables.jobs.countDocuments({ queue, state: "waiting", at: { $lte: time } }),
    tables.jobs.countDocuments({ queue, state: "waiting", at: { $gt: time } }),
    tables.jobs.countDocuments({ queue, state: "running" }),
    tables.dead.countDocuments({ queue }),
  ]);
  return { waiting, delayed, running, dead };
}

const mostPeeked = 500;

async function peek(
  { tables }: QueueParts,
  queue: string,
  ids: readonly string[],
): Promise<readonly QueuedJob[]> {
  if (ids.length > mostPeeked) throw new RangeError(`at most ${mostPeeked} jobs at once`);
  if (ids.length === 0) return [];
  await tables.ready();
  const rows = await tables.jobs
    .find(
      { _id: { $in: ids.map((id) => rowId(queue, id)) } },
      { limit: mostPeeked, projection: { id: 1, state: 1, at: 1 } },
    )
    .toArray();
  return rows.map(({ id, state, at }) => ({
    ...{ id, isRunning: state === "running" },
    dueAt: new Date(at),
  }));
}

async function whenIdle(parts: QueueParts, queues: readonly string[]): Promise<void> {
  await parts.tables.ready();
  while (await isBusy(parts, queues)) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_CHECK_MS));
  }
}

/** One question a queue: asked in two, a job that begins to run between them would be in neither answer. */
async function isBusy({ tables, clock }: QueueParts, queues: readonly string[]): Promise<boolean> {
  const due = { $lte: clock.now().getTime() };
  if (await tables.schedules.findOne({ nextAt: due })) return true;
  for (const queue of queues) {
    const runs = { queue, state: "running" as const };
    const waits = { queue, state: "waiting" as const, at: due };
    if (await tables.jobs.findOne({ $or: [runs, waits] })) return true;
  }
  return false;
}
