import { stillClaimed, timeOf, waitingFrom, type QueueParts } from "./embedded-parts.js";
import { isGone } from "./embedded-owner.js";
import { lost } from "./lost.js";
import type { JobRow } from "./queue-tables.js";

const SWEEP = 1_000;

/** A claimed job that ended badly, for good. */
export interface LastWords {
  readonly row: JobRow;
  readonly error: string;
}

/** Moves claimed jobs to the dead of `queue`. */
export async function bury(
  { tables, dead }: QueueParts,
  queue: string,
  endings: readonly LastWords[],
): Promise<void> {
  if (endings.length === 0) return;
  await dead.bury(
    queue,
    endings.map(({ row, error }) => ({
      job: { ...row, data: JSON.parse(row.data) as unknown },
      ...{ tries: row.tries, error },
    })),
  );
  await tables.jobs.deleteMany(stillClaimed(endings.map((ending) => ending.row)));
}

/**
 * The running jobs of processes that are gone or silent. Whoever looks has renewed what they run: what ran out
 * of their own was claimed by a write whose answer never came.
 */
export async function findLost(parts: QueueParts, queue: string): Promise<readonly JobRow[]> {
  const running = await parts.tables.jobs
    .find({ queue, state: "running" }, { sort: { at: 1 }, limit: SWEEP })
    .toArray();
  const time = timeOf(parts);
  const gone = new Map<string, boolean>();
  return running.filter((row) => isLost(row, time, gone));
}

/**
 * Takes back lost jobs, unless their process is heard of again. Their try counts: a job that kills its
 * process each time is dead after its last one.
 */
export async function recover(
  parts: QueueParts,
  queue: string,
  left: readonly JobRow[],
): Promise<void> {
  const { jobs } = parts.tables;
  const time = timeOf(parts);
  const spent: LastWords[] = [];
  for (const row of left) {
    const unrenewed = { _id: row._id, claim: row.claim, at: row.at };
    if (row.tries < row.attempts) {
      await jobs.updateOne(unrenewed, { $set: waitingFrom(time) });
      continue;
    }
    const ours = { owner: parts.owner, claim: `${parts.owner}|lost`, at: time + parts.leaseMs };
    const taken = await jobs.findOneAndUpdate(
      unrenewed,
      { $set: ours },
      { returnDocument: "after" },
    );
    if (taken) spent.push({ row: taken, error: lost });
  }
  await bury(parts, queue, spent);
  for (const { row } of spent) parts.tellLost({ ...row, data: JSON.parse(row.data) as unknown });
}

function isLost(row: JobRow, time: number, gone: Map<string, boolean>): boolean {
  if (row.at <= time || row.owner === null) return true;
  const known = gone.get(row.owner) ?? isGone(row.owner);
  gone.set(row.owner, known);
  return known;
}
