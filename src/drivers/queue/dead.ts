import type { Clock } from "../clock.js";
import type { Collection } from "../store/collection.js";
import { mostPeeked } from "./bounds.js";
import { rowId, type DeadRow } from "./queue-tables.js";
import type { DeadJob, NewJob, Queue } from "./queue.js";

const MAX_DEAD = 1_000;
const SWEEP = 1_000;

/** A job that ended badly, for good. */
export interface Ending {
  readonly job: Omit<NewJob, "delayMs">;
  readonly tries: number;
  /** What it failed by, without anything that could be a secret. */
  readonly error: string;
}

/** The jobs that will never end well, kept for the operator whichever driver ran them. */
export interface Dead {
  /** Keeps endings of `queue`; of each queue the last 1,000 stay. */
  bury(queue: string, endings: readonly Ending[]): Promise<void>;
  count(queue: string): Promise<number>;
  /** The newest first, at most `limit`. */
  list(queue: string, limit: number): Promise<readonly DeadJob[]>;
  /**
   * Hands those of some ids to `queue` once more and forgets that they died; one that is only just being
   * buried stays dead. Returns how many.
   */
  revive(queue: string, ids: readonly string[], live: Live): Promise<number>;
  /** Forgets some; returns how many there were. */
  drop(queue: string, ids: readonly string[]): Promise<number>;
}

/** What the dead need of the living. */
export type Live = Pick<Queue, "add" | "peek">;

/** Opens the dead in their collection. */
export function createDead(rows: Collection<DeadRow>, clock: Clock): Dead {
  const keyed = (queue: string, ids: readonly string[]) => ({
    _id: { $in: ids.map((id) => rowId(queue, id)) },
  });
  return {
    async bury(queue, endings) {
      const diedAt = clock.now().getTime();
      for (const { job, tries, error } of endings) {
        const { id, name, attempts, backoff } = job;
        const data = JSON.stringify(job.data ?? null);
        const grave = { queue, id, name, data, attempts, backoff, tries, error, diedAt };
        await rows.updateOne({ _id: rowId(queue, id) }, { $set: grave }, { upsert: true });
      }
      if (endings.length > 0) await trim(rows, queue);
    },
    count: (queue) => rows.countDocuments({ queue }),
    async list(queue, limit) {
      const found = rows.find({ queue }, { sort: { diedAt: -1 }, limit });
      return (await found.toArray()).map(deadJob);
    },
    async revive(queue, ids, live) {
      if (ids.length === 0) return 0;
      const some = ids.slice(0, mostPeeked);
      const found = await rows.find(keyed(queue, some), { limit: some.length }).toArray();
      const busy = new Set((await live.peek(queue, some)).map(({ id }) => id));
      const graves = found.filter(({ id }) => !busy.has(id));
      await live.add(graves.map(asNew));
      // One that died again meanwhile has a grave of a later time, which stays.
      for (const { _id, diedAt } of graves) await rows.deleteOne({ _id, diedAt });
      return graves.length + (await this.revive(queue, ids.slice(mostPeeked), live));
    },
    async drop(queue, ids) {
      return (await rows.deleteMany(keyed(queue, ids))).deletedCount;
    },
  };
}

function asNew({ queue, id, name, data, attempts, backoff }: DeadRow): NewJob {
  return { id, queue, name, data: JSON.parse(data) as unknown, attempts, backoff };
}

function deadJob({ id, name, data, tries, error, diedAt }: DeadRow): DeadJob {
  const parsed = JSON.parse(data) as unknown;
  return { id, name, data: parsed, tries, error, diedAt: new Date(diedAt) };
}

async function trim(rows: Collection<DeadRow>, queue: string): Promise<void> {
  const options = { sort: { diedAt: -1 }, skip: MAX_DEAD, limit: SWEEP, projection: { _id: 1 } };
  const oldest = await rows.find({ queue }, options as object).toArray();
  if (oldest.length > 0) await rows.deleteMany({ _id: { $in: oldest.map((row) => row._id) } });
}
