import { Queue as BullQueue, type Job } from "bullmq";
import { createIds, type Clock } from "../clock.js";
import type { Store } from "../store/collection.js";
import { isOnlyDuplicates } from "../store/errors.js";
import { createShelves, type JobData, type Shelves } from "./bullmq-shelves.js";
import { triesOf } from "./bullmq-tries.js";
import type { QueueLog } from "./embedded-lane.js";
import { patientUntil, waitingFrom } from "./embedded-parts.js";
import { queueTables, rowId, type JobRow } from "./queue-tables.js";
import { isQueueFull, QueueRefuses } from "./queue.js";

/** What is taken back. */
export interface Taking {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly queues: readonly string[];
  readonly prefix: string;
}

/** A worker still runs a job of Redis. */
export class QueueInUse extends Error {
  override readonly name = "QueueInUse";
}

/** Jobs of each of BullMQ's four lists at a time. */
const batch = 100;
const patienceMs = 5_000;

/**
 * Take every job of some queues out of Redis into the store, for the embedded queue: with their ids, their
 * tries and the times they are due. No process may work with either meanwhile. A job is in the store before
 * it leaves Redis; killed between, this is run again and finds it by its id.
 * @returns how many were taken from each
 * @throws QueueInUse when a job is being run, Error when Redis does not answer or is a replica
 */
export async function takeBack(taking: Taking): Promise<ReadonlyMap<string, number>> {
  const shelves = createShelves({ ...taking, patienceMs });
  try {
    await shelves.check().catch(unlessFull);
    await queueTables(taking.store).ready();
    const taken = new Map<string, number>();
    for (const name of taking.queues) taken.set(name, await takeQueue(taking, shelves, name));
    return taken;
  } finally {
    await shelves.close();
  }
}

/** To leave a full Redis needs no room in it. */
function unlessFull(error: unknown): void {
  if (isQueueFull(error)) return;
  if (error instanceof QueueRefuses) throw error;
  throw new Error("Redis does not answer: check REDIS_URL", { cause: error });
}

/** What was taken is gone from the lists, so that the next are at their beginning. */
async function takeQueue(taking: Taking, shelves: Shelves, name: string): Promise<number> {
  const queue = new BullQueue<JobData>(name, {
    ...{ connection: shelves.connect(), prefix: shelves.prefix, skipMetasUpdate: true },
  });
  try {
    for (let count = 0; ;) {
      const lists = ["active", "wait", "prioritized", "delayed"] as const;
      const found = await queue.getJobs([...lists], 0, batch - 1, true);
      const jobs = found.filter((job) => job !== undefined);
      if (jobs.length === 0) return count;
      await keep(taking, shelves, { name, jobs });
      for (const job of jobs) await job.remove();
      count += jobs.length;
    }
  } finally {
    await queue.close();
  }
}

interface Slice {
  readonly name: string;
  readonly jobs: ReadonlyArray<Job<JobData>>;
}

async function keep(
  { store, clock }: Taking,
  shelves: Shelves,
  { name, jobs }: Slice,
): Promise<void> {
  const seen = await shelves.peek(
    name,
    jobs.map(({ id = "" }) => id),
  );
  if (seen.some(({ isRunning }) => isRunning)) {
    throw new QueueInUse(
      `a worker runs a job of "${name}": stop every process, and wait 10 seconds`,
    );
  }
  const dueAt = new Map(seen.map((job) => [job.id, job.dueAt.getTime()]));
  const ids = createIds(clock);
  const now = clock.now().getTime();
  const rows = jobs.map((job) =>
    rowOf(job, { queue: name, order: ids.next(), dueAt: dueAt.get(job.id ?? "") ?? now }),
  );
  try {
    await queueTables(store).jobs.insertMany(rows, { ordered: false });
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
}

interface Place {
  readonly queue: string;
  readonly order: string;
  readonly dueAt: number;
}

function rowOf(job: Job<JobData>, { queue, order, dueAt }: Place): JobRow {
  const { id = "", name, data: kept, priority } = job;
  const { data, attempts, backoff, postponed, putOff } = kept;
  // One whose process is gone has begun its try; when that was the last, it is tried once more.
  const tries = Math.min(triesOf(job), attempts - 1);
  return {
    ...{ _id: rowId(queue, id), queue, id, name, data: JSON.stringify(data), order },
    ...{ tries, attempts, backoff, ...(postponed === 0 ? {} : { postponed }) },
    ...(putOff === undefined ? {} : { putOff }),
    ...((priority ?? 0) > 0 ? patientUntil(dueAt) : waitingFrom(dueAt)),
  };
}
