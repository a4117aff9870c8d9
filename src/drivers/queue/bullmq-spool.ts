import { randomUUID } from "node:crypto";
import { rowId, type SpooledRow } from "./queue-tables.js";
import type { Clock } from "../clock.js";
import type { Collection } from "../store/collection.js";
import type { Shelves } from "./bullmq-shelves.js";
import type { QueueLog } from "./embedded-lane.js";
import { failureText } from "./failure-text.js";
import type { NewJob, OwnerOf } from "./queue.js";

/** Hands jobs to Redis, and keeps them in the store for as long as Redis does not take them. */
export interface Spool {
  /** Resolves once the jobs are durable, in Redis or in the store. */
  add(jobs: readonly NewJob[]): Promise<void>;
  /** Gives Redis what was kept, if it answers; a job that it has already stays one job. */
  handOver(): Promise<void>;
  isEmpty(): Promise<boolean>;
}

interface SpoolParts {
  readonly ownerOf: OwnerOf | undefined;
  readonly rows: Collection<SpooledRow>;
  readonly shelves: Pick<Shelves, "isUp" | "add">;
  readonly clock: Clock;
  readonly log: QueueLog;
}

const batch = 500;

/** Opens the spool. */
export function createSpool(parts: SpoolParts): Spool {
  const { rows, shelves, clock, log, ownerOf = () => null } = parts;
  const now = (): number => clock.now().getTime();
  const keep = async (jobs: readonly NewJob[]): Promise<void> => {
    for (const { _id, ...row } of jobs.map((job) => spooled(job, now(), ownerOf))) {
      await rows.updateOne({ _id }, { $set: row }, { upsert: true });
    }
  };
  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      if (!(await shelves.isUp())) return keep(jobs);
      try {
        await shelves.add(jobs);
      } catch (error) {
        log.warn({ error: failureText(error), jobs: jobs.length }, "kept until Redis takes them");
        await keep(jobs);
      }
    },
    async handOver() {
      while (await shelves.isUp()) {
        const kept = await rows.find({}, { sort: { dueAt: 1 }, limit: batch }).toArray();
        if (kept.length === 0) return;
        await shelves.add(kept.map((row) => despooled(row, now())));
        const stamp = { $in: kept.map((row) => row.stamp) };
        await rows.deleteMany({ _id: { $in: kept.map((row) => row._id) }, stamp });
      }
    },
    isEmpty: async () => (await rows.findOne({})) === null,
  };
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
