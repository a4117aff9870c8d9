import { stillClaimed, timeOf, waitingFrom, type QueueParts } from "./embedded-parts.js";
import { isGone } from "./embedded-owner.js";
import type { JobRow } from "./embedded-rows.js";

const MAX_DEAD = 1_000;
const SWEEP = 1_000;
const LOST = "the process stopped while it ran this job";

/** A job that ended badly, for good. */
export interface Ending {
  readonly row: JobRow;
  readonly error: string;
}

/** Moves jobs to the dead of `queue`, of which the last 1,000 are kept. */
export async function bury(
  parts: QueueParts,
  queue: string,
  endings: readonly Ending[],
): Promise<void> {
  const { jobs, dead } = parts.tables;
  if (endings.length === 0) return;
  for (const { row, error } of endings) {
    const { id, name, data, tries } = row;
    const grave = { queue, id, name, data, tries, error, diedAt: timeOf(parts) };
    await dead.updateOne({ _id: row._id }, { $set: grave }, { upsert: true });
  }
  await jobs.deleteMany(stillClaimed(endings.map((ending) => ending.row)));
  await trimDead(parts, queue);
}

async function trimDead(parts: QueueParts, queue: string): Promise<void> {
  const { dead } = parts.tables;
  const options = { sort: { diedAt: -1 }, skip: MAX_DEAD, limit: SWEEP, projection: { _id: 1 } };
  const oldest = await dead.find({ queue }, options as object).toArray();
  if (oldest.length > 0) await dead.deleteMany({ _id: { $in: oldest.map((row) => row._id) } });
}

/**
 * Takes back the running jobs of processes that are gone or silent, and returns how many. Their try
 * counts: a job that kills its process each time is dead after its last one.
 */
export async function recover(parts: QueueParts, queue: string): Promise<number> {
  const { jobs } = parts.tables;
  const running = await jobs
    .find({ queue, state: "running" }, { sort: { at: 1 }, limit: SWEEP })
    .toArray();
  const time = timeOf(parts);
  const gone = new Map<string, boolean>();
  const lost = running.filter((row) => isLost(row, parts.owner, time, gone));
  const spent: Ending[] = [];
  for (const row of lost) {
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
    if (taken) spent.push({ row: taken, error: LOST });
  }
  await bury(parts, queue, spent);
  return lost.length;
}

function isLost(row: JobRow, us: string, time: number, gone: Map<string, boolean>): boolean {
  if (row.owner === us) return false;
  if (row.at <= time || row.owner === null) return true;
  const known = gone.get(row.owner) ?? isGone(row.owner);
  gone.set(row.owner, known);
  return known;
}
