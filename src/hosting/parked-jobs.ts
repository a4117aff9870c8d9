import { randomUUID } from "node:crypto";
import type { NewJob, RunningJob } from "../drivers/queue/queue.js";
import { countSpooled, ofQueue, rowId } from "../drivers/queue/queue-tables.js";
import type { Row, Store } from "../drivers/store/collection.js";
import type { Instance } from "../kit/instance.js";
import type { JobDef, QueuedJob } from "../kit/work.js";
import type { DeploymentCollection } from "./collections.js";

/** A job of a closed instance, out of the queue's way until that is open again. */
export interface ParkedJob extends Row {
  readonly instanceId: string;
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  /** JSON, kept as text so that any key is allowed in it. */
  readonly data: string;
  readonly attempts: number;
  readonly backoff: JobDef<unknown>["backoff"];
  /** What it has been through, so that it goes on as if it had never been away. */
  readonly tries: number;
  readonly postponed: number;
  /** Another one each time that it is parked or held: what was released takes no later one along. */
  readonly stamp: string;
  /** Until when who brings it back has it alone; in milliseconds, 0 while nobody does. */
  readonly heldUntil: number;
}

/** Where jobs are parked, a row each. */
export const parkedJobs: DeploymentCollection = {
  name: "queue_parked",
  indexes: [{ keys: { instanceId: 1, _id: 1 } }],
};

/** Which of some jobs are parked; they count as waiting. */
export async function parkedAmong(
  store: Store,
  { suspension, deletion }: Instance,
  { queue, ids }: { readonly queue: string; readonly ids: readonly string[] },
): Promise<readonly QueuedJob[]> {
  // It was never closed.
  if (suspension === undefined && deletion === undefined) return [];
  const among = { _id: { $in: ids.map((id) => rowId(queue, id)) } };
  const found = await store
    .collection<ParkedJob>(parkedJobs.name)
    .find(among, { limit: ids.length, projection: { id: 1 } })
    .toArray();
  return found.map(({ id }) => ({ id, isRunning: false, dueAt: new Date(0) }));
}

/** Jobs that lie in the store are counted as far as this: so nothing has to go through all of them. */
export const mostStoredCounted = 10_000;

/** Jobs of a queue that lie in the store, out of the way of those that are worked off. */
export interface StoredJobs {
  /** For instances that are closed, until they are open again. */
  readonly parked: number;
  /** That Redis did not take, until it does. */
  readonly kept: number;
}

/** How many there are of a queue; one more than are counted at most where there are more. */
export async function countStored(store: Store, queue: string): Promise<StoredJobs> {
  const limit = mostStoredCounted + 1;
  const rows = store.collection<ParkedJob>(parkedJobs.name);
  const [parked, kept] = await Promise.all([
    rows.countDocuments({ _id: ofQueue(queue) }, { limit }),
    countSpooled(store, queue, limit),
  ]);
  return { parked, kept };
}

/** Matches those of some rows that nobody has written since. */
export function stamped(rows: readonly ParkedJob[]) {
  const _id = { $in: rows.map((row) => row._id) };
  return { _id, stamp: { $in: rows.map(({ stamp }) => stamp) } };
}

/** The row of a job whose instance is closed. */
export function asParked(
  { _id: instanceId }: Instance,
  job: JobDef<unknown>,
  run: RunningJob,
): ParkedJob {
  const { id, queue, name, attempt, attempts, postponed = 0 } = run;
  return {
    ...{ _id: rowId(queue, id), instanceId, queue, id, name, attempts, backoff: job.backoff },
    ...{ tries: attempt - 1, postponed: postponed + 1, stamp: randomUUID() },
    heldUntil: 0,
    data: JSON.stringify(run.data),
  };
}

/** Those that are back let others pass. */
const releasedYieldsMs = 10_000;

/** A parked job as it comes back. */
export function asNew(row: ParkedJob): NewJob {
  const { queue, id, name, data, attempts, backoff, tries, postponed } = row;
  return {
    ...{ queue, id, name, data: JSON.parse(data) as unknown, attempts, backoff },
    ...{ tries, postponed, yieldsMs: releasedYieldsMs },
  };
}
