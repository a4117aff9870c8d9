import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Clock } from "../drivers/clock.js";
import type { Queue, RunningJob } from "../drivers/queue/queue.js";
import type { Row, Store } from "../drivers/store/collection.js";
import type { Instance, InstanceState } from "../kit/instance.js";
import { defineJob, Postpone, serving, type JobDef, type QueuedJob } from "../kit/work.js";
import type { DeploymentCollection } from "./collections.js";
import type { Instances } from "./instances.js";
import { jobFor } from "./outbox.js";

/** A job of a closed instance, out of the queue's way until that is open again. */
interface ParkedJob extends Row {
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

/** What an instance is that may be open again. */
const whileClosed: readonly InstanceState[] = ["suspended", "deleted"];
const everyState: readonly InstanceState[] = [...serving, ...whileClosed, "leaving", "gone"];

/** Keeps the jobs of closed instances, which cost nothing there however many they are. */
export interface Parking {
  /**
   * Takes a job aside whose instance is closed; it costs none of its tries. When it resolves, the job is
   * kept and its run has ended. @throws Postpone when the instance was opened or closed anew meanwhile
   */
  park(instance: Instance, job: JobDef<unknown>, running: RunningJob): Promise<void>;
  /** The one job of a closed instance that stays in the queue, and brings the others back. */
  readonly release: JobDef<Record<string, never>>;
}

/** What parking works with. */
export interface ParkingParts {
  readonly store: Store;
  readonly queue: Pick<Queue, "add" | "peek">;
  readonly instances: Pick<Instances, "byId">;
  readonly clock: Clock;
}

/** Whether an instance may be open again. */
export function isClosed({ state }: Pick<Instance, "state">): boolean {
  return whileClosed.includes(state);
}

/** As long as a look at an instance may be kept (`worker.ts`). */
const soonMs = 1_000;
/** How often the one job looks whether its instance is open again: at first, and at most. */
const lookMs = { first: 15_000, most: 120_000 };
/** A look that the queue has already is not added again for each job. */
const addedMs = 600_000;
/** Bringing some back takes less: what is held for longer was left by a process that died. */
const heldMs = 60_000;
const batch = 200;
const slicesEach = 20;
/** Those that are back let others pass. */
const releasedYieldsMs = 10_000;

/**
 * Opens the parking. A job is written down here before it leaves the queue, and is back there before
 * its row is removed; killed in between, either is done once more. One that is about to leave the queue
 * cannot be added again, and is left for later. What looks after an instance is in the queue before the
 * first job is parked, under a name of this closing alone, and stays until it has seen the instance open:
 * a row that is written while the closing lasts is never without it.
 */
export function createParking({ store, queue, instances, clock }: ParkingParts): Parking {
  const rows = store.collection<ParkedJob>(parkedJobs.name);
  const added = new LRUCache<string, true>({ max: 5_000, ttl: addedMs });

  async function lookAfter({ _id: instanceId }: Instance, closing: string): Promise<void> {
    const id = `release/${instanceId}/${closing}`;
    if (added.has(id)) return;
    await queue.add([jobFor(release, { instanceId, payload: {} }, { id, delayMs: lookMs.first })]);
    added.set(id, true);
  }

  /** Those of some rows that are ours alone for a minute: two may look after one instance. */
  async function held(some: readonly ParkedJob[]): Promise<readonly ParkedJob[]> {
    const now = clock.now().getTime();
    const stamp = randomUUID();
    const _id = { $in: some.map((row) => row._id) };
    const free = {
      heldUntil: { $not: { $gt: now } },
      stamp: { $in: some.map((row) => row.stamp) },
    };
    await rows.updateMany({ _id, ...free }, { $set: { stamp, heldUntil: now + heldMs } });
    return rows.find({ _id, stamp }, { sort: { _id: 1 }, limit: batch }).toArray();
  }

  /** Brings back the next few; what is just being parked is left for later. */
  async function releaseSome(instanceId: string, after: string): Promise<Released> {
    const next = { instanceId, _id: { $gt: after } };
    const some = await rows.find(next, { sort: { _id: 1 }, limit: batch }).toArray();
    if (some.length === 0) return { last: null, isWhole: true };
    const ours = await held(some);
    const there = await queuedAmong(queue, ours);
    const [leaving, back] = partition(ours, ({ _id }) => there.get(_id) === true);
    await queue.add(back.filter(({ _id }) => !there.has(_id)).map(asNew));
    await rows.deleteMany(stamped(back));
    if (leaving.length > 0) await rows.updateMany(stamped(leaving), { $set: { heldUntil: 0 } });
    return { last: some.at(-1)?._id ?? null, isWhole: back.length === some.length };
  }

  const release: Parking["release"] = defineJob({
    name: "hosting.release",
    payload: z.object({}),
    runsIn: everyState,
    async run({ instance }, _payload, { postponed = 0 }) {
      if (instance.state === "gone") return;
      if (isClosed(instance)) throw new Postpone("the instance is closed", restAfter(postponed));
      let isWhole = true;
      for (let done = 0, after = ""; done < slicesEach; done += 1) {
        const slice = await releaseSome(instance._id, after);
        isWhole &&= slice.isWhole;
        if (slice.last === null && isWhole) return;
        if (slice.last === null) break;
        after = slice.last;
      }
      throw new Postpone("more jobs are parked", isWhole ? 0 : soonMs);
    },
  });

  return {
    release,
    async park(instance, job, running) {
      const closing = closingOf(instance);
      await lookAfter(instance, closing);
      const { _id, ...row } = parked(instance, job, running);
      await rows.updateOne({ _id }, { $set: row }, { upsert: true });
      const now = await instances.byId(instance._id);
      if (now !== null && isClosed(now) && closingOf(now) === closing) return;
      // Who looked after it may have gone before the row came.
      await rows.deleteOne({ _id, stamp: row.stamp });
      throw new Postpone("the instance was opened meanwhile", soonMs);
    },
  };
}

/** How far a release came, and whether everything up to there is back. */
interface Released {
  readonly last: string | null;
  readonly isWhole: boolean;
}

/** Those of some jobs that are in the queue, by the ids of their rows, and whether they run. */
async function queuedAmong(
  queue: ParkingParts["queue"],
  rows: readonly ParkedJob[],
): Promise<ReadonlyMap<string, boolean>> {
  const found = new Map<string, boolean>();
  for (const name of new Set(rows.map((row) => row.queue))) {
    const ids = rows.filter((row) => row.queue === name).map(({ id }) => id);
    for (const { id, isRunning } of await queue.peek(name, ids)) {
      found.set(rowId(name, id), isRunning);
    }
  }
  return found;
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

/** Matches those of some rows that nobody has written since. */
function stamped(rows: readonly ParkedJob[]) {
  const _id = { $in: rows.map((row) => row._id) };
  return { _id, stamp: { $in: rows.map(({ stamp }) => stamp) } };
}

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

function closingOf({ state, suspension, deletion }: Instance): string {
  const at = state === "deleted" ? deletion?.at : suspension?.at;
  return `${state}/${at?.getTime() ?? 0}`;
}

function restAfter(postponed: number): number {
  const rest = Math.min(lookMs.most, lookMs.first * 2 ** Math.min(postponed, 10));
  return rest * (1 + Math.random() / 4);
}

function rowId(queue: string, id: string): string {
  return `${queue}:${id}`;
}

function parked({ _id: instanceId }: Instance, job: JobDef<unknown>, run: RunningJob): ParkedJob {
  const { id, queue, name, attempt, attempts, postponed = 0 } = run;
  return {
    ...{ _id: rowId(queue, id), instanceId, queue, id, name, attempts, backoff: job.backoff },
    ...{ tries: attempt - 1, postponed: postponed + 1, stamp: randomUUID() },
    heldUntil: 0,
    data: JSON.stringify(run.data),
  };
}

function asNew({ queue, id, name, data, attempts, backoff, tries, postponed }: ParkedJob) {
  return {
    ...{ queue, id, name, data: JSON.parse(data) as unknown, attempts, backoff },
    ...{ tries, postponed, yieldsMs: releasedYieldsMs },
  };
}
