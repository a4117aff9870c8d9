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
import { seldom } from "./seldom.js";

/** Hands jobs to Redis, and keeps them in the store for as long as Redis does not take them. */
export interface Spool {
  /** Resolves once the jobs are durable, in Redis or in the store. */
  add(jobs: readonly NewJob[]): Promise<void>;
  /**
   * Gives Redis a slice of what was kept, if it answers; a job that it has already stays one job. Tells
   * whether more may be left to give.
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
}

const batch = 500;

/** Opens the spool. */
export function createSpool(parts: SpoolParts): Spool {
  const { rows, shelves, clock, log, ownerOf = () => null } = parts;
  const now = (): number => clock.now().getTime();
  const say = seldom((fields) => log.warn(fields, "kept until Redis takes them"));
  const keep = async (jobs: readonly NewJob[]): Promise<void> => {
    for (const { _id, ...row } of jobs.map((job) => spooled(job, now(), ownerOf))) {
      await rows.updateOne({ _id }, { $set: row }, { upsert: true });
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
      const kept = await rows.find({}, { sort: { dueAt: 1 }, limit: batch }).toArray();
      if (kept.length === 0) return false;
      await shelves.check();
      const { left, error } = await give(kept.map((row) => despooled(row, now())));
      const stay = new Set(left.map(rowIdOf));
      const gone = kept.filter(({ _id }) => !stay.has(_id));
      const stamp = { $in: gone.map((row) => row.stamp) };
      await rows.deleteMany({ _id: { $in: gone.map((row) => row._id) }, stamp });
      if (error !== null) throw error;
      return true;
    },
    isEmpty: async () => (await rows.findOne({})) === null,
  };
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
  return { ...row, owner: ownerOf(data) };
}

function despooled(row: SpooledRow, now: number): NewJob {
  const job = JSON.parse(row.job) as NewJob;
  return { ...job, delayMs: Math.max(0, row.dueAt - now) };
}
