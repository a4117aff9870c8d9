import type { Shelves } from "./bullmq-shelves.js";
import type { CarriedJob } from "./carried-job.js";
import { stillClaimed, timeOf, type QueueParts } from "./embedded-parts.js";
import { findLost, recover } from "./embedded-recovery.js";
import type { JobRow } from "./queue-tables.js";

/** The jobs that the embedded queue left in the store when the deployment got a Redis. */
export interface LeftJobs {
  /**
   * Gives a slice of them to Redis, if it answers: with their ids, their tries and the times they are due.
   * Tells whether more may be left to give.
   */
  handOver(): Promise<boolean>;
  isEmpty(): Promise<boolean>;
}

const batch = 500;

/**
 * Opens what is left. Processes that still work with the embedded queue may be there: what they run stays
 * theirs, what is due is claimed as they would, what is due later is removed only while nobody touched it.
 * A kill after a job was given and before it was removed gives it again, under the same id.
 */
export function createLeftJobs(
  parts: QueueParts,
  shelves: Pick<Shelves, "isUp" | "add">,
): LeftJobs {
  const { jobs } = parts.tables;
  let claims = 0;
  /** Those that stay, since somebody runs them, are passed until the end is reached. */
  let after: string | null = null;
  const claimed = async (rows: readonly JobRow[]): Promise<readonly JobRow[]> => {
    if (rows.length === 0) return [];
    claims += 1;
    const claim = `${parts.owner}|hand-over|${claims}`;
    const running = { state: "running" as const, at: timeOf(parts) + parts.leaseMs };
    const _id = { $in: rows.map((row) => row._id) };
    await jobs.updateMany(
      { _id, state: { $in: ["waiting", "patient"] } },
      { $set: { ...running, owner: parts.owner, claim } },
    );
    const ours = await jobs.find({ _id, claim }).toArray();
    const asTheyWere = new Map(rows.map((row) => [row._id, row]));
    // Carried as they were read, removed by the claim.
    return ours.map((row) => ({ ...(asTheyWere.get(row._id) ?? row), claim }));
  };
  const handSlice = async (slice: readonly JobRow[]): Promise<void> => {
    const now = timeOf(parts);
    const running = slice.filter(({ state }) => state === "running");
    for (const queue of new Set(running.map((row) => row.queue))) {
      const lost = await findLost(parts, queue);
      const others = lost.filter(({ owner }) => owner !== parts.owner);
      await recover(parts, queue, others);
    }
    const waiting = slice.filter(({ state }) => state !== "running");
    const isLater = ({ state, at }: JobRow): boolean => state === "waiting" && at > now;
    const later = waiting.filter(isLater);
    // A try of ours that failed left them claimed.
    const again = running.filter(({ owner }) => owner === parts.owner);
    const due = [...(await claimed(waiting.filter((row) => !isLater(row)))), ...again];
    await shelves.add([...due, ...later].sort(inTurn).map((row) => carriedFrom(row, now)));
    if (due.length > 0) await jobs.deleteMany(stillClaimed(due));
    for (const { _id, at } of later) await jobs.deleteOne({ _id, state: "waiting", at });
  };
  return {
    async handOver() {
      if (!(await shelves.isUp())) return false;
      const left = after === null ? {} : { _id: { $gt: after } };
      const slice = await jobs.find(left, { sort: { _id: 1 }, limit: batch }).toArray();
      after = null;
      if (slice.length === 0) return false;
      await handSlice(slice);
      after = slice.at(-1)?._id ?? null;
      return true;
    },
    isEmpty: async () => (await jobs.findOne({})) === null,
  };
}

function inTurn(one: JobRow, other: JobRow): number {
  return one.at - other.at || (one.order < other.order ? -1 : 1);
}

function carriedFrom(row: JobRow, now: number): CarriedJob {
  const { id, queue, name, attempts, backoff, tries, postponed = 0, putOff, state, at } = row;
  const wait = Math.max(0, at - now);
  return {
    ...{ id, queue, name, attempts, backoff, tries, postponed },
    data: JSON.parse(row.data) as unknown,
    ...(putOff === undefined ? {} : { putOff }),
    ...(state === "waiting" ? { delayMs: wait, dueSince: Math.min(at, now) } : {}),
    ...(state === "patient" ? { yieldsMs: Math.max(1, wait) } : {}),
  };
}
