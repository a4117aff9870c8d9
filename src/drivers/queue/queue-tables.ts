import type { Collection, IndexSpec, Row, Store } from "../store/collection.js";
import type { Column, Shape } from "../store/shape.js";
import { toldPutOff, type KeptPutOff } from "./put-off.js";
import type { Backoff, RunningJob } from "./queue.js";

/** A job as it is stored while it waits or runs. */
export interface JobRow extends Row {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  /** JSON, kept as text so that any key is allowed in it. */
  readonly data: string;
  /** Patient: due, and served after what waits. */
  readonly state: "waiting" | "patient" | "running";
  /** Milliseconds. Waiting: when it is due. Patient: its turn among its like. Running: its lease's end. */
  readonly at: number;
  /** Orders jobs that are due at the same time by when they were added. */
  readonly order: string;
  /** Tries begun, the running one included. */
  readonly tries: number;
  readonly attempts: number;
  /** Runs begun whose try did not count; absent when none. */
  readonly postponed?: number;
  /** Why its try is put off; absent where nothing was named. */
  readonly putOff?: KeptPutOff;
  readonly backoff: Backoff;
  /** The process that runs it, and the one claim by which it may be finished. */
  readonly owner: string | null;
  readonly claim: string | null;
}

/** The fields of a job: each is written three times and removed, so that columns are worth while. */
const jobShape: Shape & Readonly<Record<Exclude<keyof JobRow, "_id">, Column>> = {
  queue: { type: "text" },
  id: { type: "text" },
  name: { type: "text" },
  data: { type: "text" },
  state: { type: "text" },
  at: { type: "number" },
  order: { type: "text" },
  tries: { type: "number" },
  attempts: { type: "number" },
  postponed: { type: "number", or: "absent" },
  putOff: { type: "json", or: "absent" },
  backoff: { type: "json" },
  owner: { type: "text", or: "null" },
  claim: { type: "text", or: "null" },
};

/** What the operator sees of a job that used up its tries. */
export interface DeadRow extends Row {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly data: string;
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly tries: number;
  readonly error: string;
  readonly diedAt: number;
  /** When it is forgotten, unless somebody has it run again or drops it before. */
  readonly forgetAt: Date;
  /** Whose work it was; null when nobody's in particular. */
  readonly owner: string | null;
  /** Until when whoever is about to revive it has it alone; in milliseconds, 0 while nobody is. */
  readonly heldUntil: number;
}

/** One line of the calendar: the job it adds, and when next. */
export interface ScheduleRow extends Row {
  readonly cron: string;
  readonly timezone: string;
  readonly job: string;
  readonly nextAt: number;
  /** The time whose job is being added, by the process that won it, and since when. */
  readonly pendingAt: number | null;
  readonly pendingSince: number | null;
}

/** Jobs that Redis could not take when they were added; they are handed over once it answers. */
export interface SpooledRow extends Row {
  readonly queue: string;
  /** The job, as JSON. */
  readonly job: string;
  /** Milliseconds: when it is due. */
  readonly dueAt: number;
  /** Another one each time that it is added or held, so that what was handed over takes no later one along. */
  readonly stamp: string;
  /** Whose work it is; null when nobody's in particular. */
  readonly owner: string | null;
  /** Until when who hands it over has it alone; in milliseconds, 0 or absent while nobody does. */
  readonly heldUntil?: number;
}

/**
 * What the queues keep in the store: jobs are the embedded queue's, the spool is BullMQ's, the dead and
 * the calendar are kept here whichever of the two serves.
 */
export interface QueueTables {
  readonly jobs: Collection<JobRow>;
  readonly dead: Collection<DeadRow>;
  readonly schedules: Collection<ScheduleRow>;
  readonly spool: Collection<SpooledRow>;
  /** Makes the indexes, once; a failure is tried again by the next call. */
  ready(): Promise<void>;
}

const JOBS = "queue_jobs";
/** The collection of the jobs that were given up; `owner` is the instance that they were of. */
export const deadCollection = "queue_dead";
const SCHEDULES = "queue_schedules";
/** The collection of the jobs that Redis could not take; `owner` is the instance that they are of. */
export const spoolCollection = "queue_spool";

const jobIndexes: readonly IndexSpec[] = [{ keys: { queue: 1, state: 1, at: 1, order: 1 } }];

const indexes: Readonly<Record<string, readonly IndexSpec[]>> = {
  [deadCollection]: [
    { keys: { queue: 1, diedAt: -1, _id: -1 } },
    { keys: { queue: 1, name: 1, diedAt: -1, _id: -1 } },
    { keys: { queue: 1, owner: 1, diedAt: -1, _id: -1 } },
    { keys: { owner: 1 } },
    { keys: { forgetAt: 1 }, expireAfterSeconds: 0 },
  ],
  [SCHEDULES]: [{ keys: { nextAt: 1 } }],
  [spoolCollection]: [{ keys: { dueAt: 1 } }, { keys: { owner: 1 } }],
};

/** Opens the queue's collections in `store`. */
export function queueTables(store: Store): QueueTables {
  let made: Promise<void> | null = null;
  const make = async (): Promise<void> => {
    // A process of the release before may come after one of the next.
    await store.ensureIndexes(JOBS, jobIndexes, { shape: jobShape, onlyAdd: true });
    for (const [name, specs] of Object.entries(indexes)) {
      await store.ensureIndexes(name, specs, { onlyAdd: true });
    }
  };
  const ready = (): Promise<void> => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
  return {
    jobs: store.collection<JobRow>(JOBS),
    dead: store.collection<DeadRow>(deadCollection),
    schedules: store.collection<ScheduleRow>(SCHEDULES),
    spool: store.collection<SpooledRow>(spoolCollection),
    ready,
  };
}

/** The key of a job: ids are unique within their queue. */
export function rowId(queue: string, id: string): string {
  return `${queue}:${id}`;
}

/** Matches the keys of a queue's rows. */
export function ofQueue(queue: string) {
  return { $gte: rowId(queue, ""), $lt: `${queue};` };
}

/** How many jobs of a queue are kept until Redis takes them; counted up to `limit`, by their keys. */
export function countSpooled(store: Store, queue: string, limit: number): Promise<number> {
  const rows = store.collection<SpooledRow>(spoolCollection);
  return rows.countDocuments({ _id: ofQueue(queue) }, { limit });
}

/** The job as its worker sees it. */
export function runningJob(row: JobRow): RunningJob {
  return {
    id: row.id,
    queue: row.queue,
    name: row.name,
    data: JSON.parse(row.data) as unknown,
    attempt: row.tries,
    attempts: row.attempts,
    ...(row.postponed === undefined ? {} : { postponed: row.postponed }),
    ...toldPutOff(row.putOff, row.tries),
  };
}
