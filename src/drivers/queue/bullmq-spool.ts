import { randomUUID } from "node:crypto";
import { rowId, type SpooledRow } from "./queue-tables.js";
import type { Clock } from "../clock.js";
import type { Collection } from "../store/collection.js";
import { mostPeeked } from "./bounds.js";
import { isAnswer } from "./bullmq-check.js";
import type { Shelves } from "./bullmq-shelves.js";
import type { QueueLog } from "./embedded-lane.js";
import { failureText } from "./failure-text.js";
import type { NewJob, OwnerOf } from "./queue.js";
import { repeating } from "./repeating.js";
import { seldom } from "./seldom.js";

/** Hands jobs to Redis, and keeps them in the store for as long as Redis does not take them. */
export interface Spool {
  /** Resolves once the jobs are durable, in Redis or in the store. */
  add(jobs: readonly NewJob[]): Promise<void>;
  /**
   * Gives Redis a slice of what was kept, if it answers; a job that it has already stays one job. What
   * another process is giving is let be. Tells whether more may be left to give.
   */
  handOver(): Promise<boolean>;
  isEmpty(): Promise<boolean>;
}

interface SpoolParts {
  readonly ownerOf: OwnerOf | undefined;
  readonly rows: Collection<SpooledRow>;
  readonly shelves: Pick<Shelves, "isUp" | "add" | "check" | "peek">;
  readonly clock: Clock;
  readonly log: QueueLog;
  /** How often what is held is held anew; in milliseconds. */
  readonly renewMs?: number;
}

/** Few: all of them go out again that were given when their process died, and had ended before they are free. */
const batch = 100;
/** Held anew while it is given; what is not was left by a process that died. */
const heldMs = 10_000;

/** Opens the spool. */
export function createSpool(parts: SpoolParts): Spool {
  const { rows, shelves, clock, log, ownerOf = () => null, renewMs = heldMs / 4 } = parts;
  const now = (): number => clock.now().getTime();
  const say = seldom((fields) => log.warn(fields, "kept until Redis takes them"));
  const keep = async (jobs: readonly NewJob[]): Promise<void> => {
    for (const { _id, ...row } of jobs.map((job) => spooled(job, now(), ownerOf))) {
      await rows.updateOne({ _id }, { $set: row }, { upsert: true });
    }
  };
  /** Those of some rows that are ours alone, as they are now: who gives after another was done gives twice. */
  const hold = async (some: readonly SpooledRow[]): Promise<readonly SpooledRow[]> => {
    const time = now();
    const stamp = randomUUID();
    const _id = { $in: some.map((row) => row._id) };
    const free = { _id, heldUntil: { $not: { $gt: time } } };
    await rows.updateMany(free, { $set: { stamp, heldUntil: time + heldMs } });
    return rows.find({ _id, stamp }, { sort: { dueAt: 1 }, limit: batch }).toArray();
  };
  /** Goes on holding some rows for as long as the work on them takes. */
  const whileHeld = async <R>(held: readonly SpooledRow[], work: () => Promise<R>): Promise<R> => {
    let isHeldLong = false;
    const renew = async (): Promise<number> => {
      const heldUntil = now() + heldMs;
      if (isHeldLong) await rows.updateMany(stamped(held), { $set: { heldUntil } });
      isHeldLong = true;
      return renewMs;
    };
    const renewing = repeating(log, renew, "what is given to Redis could not be held for longer");
    renewing.start(renewMs);
    try {
      return await work();
    } finally {
      await renewing.stop();
    }
  };
  /** Tells which jobs Redis did not take, and why. */
  const give = async (jobs: readonly NewJob[]): Promise<Given> => {
    try {
      await shelves.add(jobs);
      return { left: [], error: null };
    } catch (error) {
      return { left: isAnswer(error) ? await notIn(shelves, jobs) : jobs, error };
    }
  };
  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      if (!(await shelves.isUp())) return keep(jobs);
      const { left, error } = await give(jobs);
      if (left.length === 0) return;
      say({ error: failureText(error), jobs: left.length });
      await keep(left);
    },
    async handOver() {
      if (!(await shelves.isUp())) return false;
      const some = await firstFree(rows, now());
      if (some.length === 0) return false;
      await shelves.check();
      const held = await hold(some);
      const stay = new Set<string>();
      const error = await whileHeld(held, async () => {
        const given = await give(held.map((row) => despooled(row, now())));
        for (const job of given.left) stay.add(rowIdOf(job));
        await rows.deleteMany(stamped(held.filter(({ _id }) => !stay.has(_id))));
        return given.error;
      });
      if (stay.size > 0) {
        const stays = stamped(held.filter(({ _id }) => stay.has(_id)));
        await rows.updateMany(stays, { $set: { heldUntil: 0 } });
      }
      if (error !== null) throw error;
      return true;
    },
    isEmpty: async () => (await rows.findOne({})) === null,
  };
}

/** The first that nobody is giving; what is passed for them are the slices of a few others. */
async function firstFree(rows: Collection<SpooledRow>, now: number): Promise<SpooledRow[]> {
  const free: SpooledRow[] = [];
  for await (const row of rows.find({}, { sort: { dueAt: 1 } })) {
    if ((row.heldUntil ?? 0) <= now) free.push(row);
    if (free.length === batch) break;
  }
  return free;
}

interface Given {
  readonly left: readonly NewJob[];
  /** Null when Redis took all. */
  readonly error: unknown;
}

/**
 * Those of some jobs that Redis has not: it fills up in the midst of many, and one that is given to it again
 * after it was done is done twice. All of them where it does not say.
 */
async function notIn(
  shelves: Pick<Shelves, "peek">,
  jobs: readonly NewJob[],
): Promise<readonly NewJob[]> {
  const has = new Set<string>();
  try {
    for (const queue of new Set(jobs.map((job) => job.queue))) {
      const ids = jobs.flatMap((job) => (job.queue === queue ? [job.id] : []));
      for (let at = 0; at < ids.length; at += mostPeeked) {
        const found = await shelves.peek(queue, ids.slice(at, at + mostPeeked));
        for (const { id } of found) has.add(rowId(queue, id));
      }
    }
  } catch {
    return jobs;
  }
  return jobs.filter((job) => !has.has(rowIdOf(job)));
}

function rowIdOf({ queue, id }: NewJob): string {
  return rowId(queue, id);
}

function spooled({ delayMs = 0, ...job }: NewJob, now: number, ownerOf: OwnerOf): SpooledRow {
  const _id = rowId(job.queue, job.id);
  const dueAt = now + Math.max(0, delayMs);
  const { queue, data } = job;
  const row = { _id, queue, job: JSON.stringify(job), dueAt, stamp: randomUUID() };
  return { ...row, owner: ownerOf(data), heldUntil: 0 };
}

/** Matches those of some rows that nobody has written since. */
function stamped(rows: readonly SpooledRow[]) {
  const stamp = { $in: rows.map((row) => row.stamp) };
  return { _id: { $in: rows.map((row) => row._id) }, stamp };
}

function despooled(row: SpooledRow, now: number): NewJob {
  const job = JSON.parse(row.job) as NewJob;
  return { ...job, delayMs: Math.max(0, row.dueAt - now) };
}
