import { timeOfId, type Ids } from "../clock.js";
import { defaultGraceMs, idleCheckMs, mostPeeked } from "./bounds.js";
import { createCalendar, untilNext, type Calendar } from "./calendar.js";
import { createDead, deadSide } from "./dead.js";
import { createLane, type Lane, type QueueLog } from "./embedded-lane.js";
import { newOwner } from "./embedded-owner.js";
import type { QueueParts } from "./embedded-parts.js";
import { queueTables, rowId } from "./queue-tables.js";
import { createSpool } from "./bullmq-spool.js";
import { createShelf } from "./embedded-shelf.js";
import { readPlaces } from "./places.js";
import { withDefaults, type QueueOptions } from "./queue-options.js";
import type { OwnerOf, Queue, QueueCounts, QueuedJob } from "./queue.js";
import { repeating } from "./repeating.js";

export type { QueueLog };

/** What the embedded queue is given. */
export interface EmbeddedQueueOptions extends QueueOptions {
  readonly ids: Ids;
}

/**
 * A durable queue kept in the store itself, for a deployment without Redis. Nothing but
 * single-document atomicity is asked of the store, so any number of processes may share it.
 */
export function createEmbeddedQueue(given: EmbeddedQueueOptions): Queue {
  const options = withDefaults(given);
  const { clock, ids, leaseMs, pollMs, log, random, tellLost } = options;
  const tables = queueTables(options.store);
  const dead = createDead({ rows: tables.dead, clock, ownerOf: options.ownerOf });
  const parts: QueueParts = { tables, dead, clock, ids, owner: newOwner(), leaseMs, tellLost };
  const shelf = createShelf(parts);
  const lanes = new Map<string, Lane>();
  const add: Queue["add"] = async (jobs) => {
    await shelf.add(jobs);
    for (const queue of new Set(jobs.map((job) => job.queue))) lanes.get(queue)?.wake();
  };
  const calendar = createCalendar(parts, add);
  const now = (): number => clock.now().getTime();
  const shared = { shelf, now, random, pollMs, log };
  const dates = repeating(log, () => untilNext(calendar, now, pollMs));
  // Left by processes that had a Redis which did not answer; `add` knows an id that is there already.
  const shelves = {
    ...{ isUp: async () => true, check: async () => undefined, add },
    peek: (queue: string, wanted: readonly string[]) => peek(parts, queue, wanted),
  };
  const spool = createSpool({
    ...{ rows: tables.spool, shelves, clock, log, ownerOf: options.ownerOf },
  });
  const keeper = repeating(log, async () => {
    const kept = [...lanes.values()].map((lane) => lane.keep());
    // Each learns by its own look whether the store was away: no failure of one may keep the others from it.
    await Promise.allSettled(kept);
    await Promise.all(kept);
    return (await spool.handOver()) ? 0 : leaseMs / 3;
  });
  return {
    add,
    async schedule(schedules, keeping) {
      await calendar.declare(schedules, keeping);
      dates.wake();
    },
    process(queue, asked, run) {
      const places = readPlaces(queue, asked, lanes);
      lanes.set(queue, createLane({ ...shared, queue, places, run }));
    },
    async start() {
      await tables.ready();
      keeper.start(pollMs);
      dates.start(pollMs);
      for (const lane of lanes.values()) lane.start();
    },
    counts: (queue) => counts(parts, queue),
    oldestDue: (queue) => oldestDue(parts, queue),
    peek: (queue, wanted) => peek(parts, queue, wanted),
    ...deadSide(dead, tables),
    revive: (queue, wanted) =>
      dead.revive(queue, wanted, { add, peek: (name, some) => peek(parts, name, some) }),
    drop: (queue, wanted) => dead.drop(queue, wanted),
    forget: (owner, from) => forget(parts, options.ownerOf, { owner, from }),
    // Whether its store is whole is another question, whose answer takes longer the more there is.
    memory: async () => null,
    keeping: async () => null,
    async check() {
      await tables.jobs.findOne({ _id: "" });
    },
    idle: () => whenIdle(parts, calendar, [...lanes.keys()]),
    async close(graceMs = defaultGraceMs) {
      const closing = [...lanes.values()].map((lane) => lane.close(graceMs));
      await Promise.all([dates.stop(), ...closing]);
      await keeper.stop();
    },
  };
}

/** Jobs that are looked through for one owner's at once. */
const lookedThrough = 500;

async function forget(
  { tables }: QueueParts,
  ownerOf: OwnerOf = () => null,
  { owner, from }: { readonly owner: string; readonly from: string | null },
): Promise<string | null> {
  await tables.ready();
  const behind = from === null ? {} : { _id: { $gt: from } };
  const rows = await tables.jobs
    .find(behind, { sort: { _id: 1 }, limit: lookedThrough, projection: { data: 1 } })
    .toArray();
  const own = rows.filter(
    ({ data }) => data.includes(owner) && ownerOf(JSON.parse(data) as unknown) === owner,
  );
  const waits = { state: { $in: ["waiting" as const, "patient" as const] } };
  if (own.length > 0) {
    await tables.jobs.deleteMany({ _id: { $in: own.map(({ _id }) => _id) }, ...waits });
  }
  return rows.length < lookedThrough ? null : (rows.at(-1)?._id ?? null);
}

async function counts(
  { tables, dead: graves, clock }: QueueParts,
  queue: string,
): Promise<QueueCounts> {
  await tables.ready();
  const time = clock.now().getTime();
  const [waiting, patient, delayed, running, dead] = await Promise.all([
    tables.jobs.countDocuments({ queue, state: "waiting", at: { $lte: time } }),
    tables.jobs.countDocuments({ queue, state: "patient" }),
    tables.jobs.countDocuments({ queue, state: "waiting", at: { $gt: time } }),
    tables.jobs.countDocuments({ queue, state: "running" }),
    graves.count(queue),
  ]);
  return { waiting: waiting + patient, delayed, running, dead };
}

/** The patient are due since they were added; of them, that which is served next is looked at. */
async function oldestDue({ tables, clock }: QueueParts, queue: string): Promise<Date | null> {
  await tables.ready();
  const waits = { queue, state: "waiting" as const, at: { $lte: clock.now().getTime() } };
  const lets = { queue, state: "patient" as const };
  const first = { sort: { at: 1 }, limit: 1 } as const;
  const [[waiting], [patient]] = await Promise.all([
    tables.jobs.find(waits, first).toArray(),
    tables.jobs.find(lets, first).toArray(),
  ]);
  const dues = [
    ...(waiting === undefined ? [] : [waiting.at]),
    ...(patient === undefined ? [] : [timeOfId(patient.order).getTime()]),
  ];
  return dues.length === 0 ? null : new Date(Math.min(...dues));
}

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

async function whenIdle(
  parts: QueueParts,
  calendar: Calendar,
  queues: readonly string[],
): Promise<void> {
  await parts.tables.ready();
  while ((await calendar.isDue()) || (await isBusy(parts, queues))) {
    await new Promise((resolve) => setTimeout(resolve, idleCheckMs));
  }
}

/** One question a queue: asked in two, a job that begins to run between them would be in neither answer. */
async function isBusy({ tables, clock }: QueueParts, queues: readonly string[]): Promise<boolean> {
  const due = { $lte: clock.now().getTime() };
  for (const queue of queues) {
    const runs = { queue, state: "running" as const };
    const waits = { queue, state: "waiting" as const, at: due };
    const lets = { queue, state: "patient" as const };
    if (await tables.jobs.findOne({ $or: [runs, waits, lets] })) return true;
  }
  return false;
}
