import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Clock } from "../drivers/clock.js";
import { rowId } from "../drivers/queue/queue-tables.js";
import type { NewJob, Queue, RunningJob } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import type { Instance, InstanceState } from "../kit/instance.js";
import { defineJob, Postpone, serving, type JobDef } from "../kit/work.js";
import type { Instances } from "./instances.js";
import { jobFor } from "./outbox.js";
import { asNew, asParked, parkedJobs, stamped, type ParkedJob } from "./parked-jobs.js";

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
  /** That job for an instance as it is now: the same one however often it is added. */
  releaseOf(instance: Instance): NewJob;
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
/** A failure that is no fault of its own may last for days: a thousand tries take a week. */
const tries = {
  attempts: 1_000,
  backoff: { baseMs: 1_000, factor: 3, maxMs: 600_000, jitter: 0.3 },
};

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

  function releaseOf(instance: Instance): NewJob {
    const id = `release/${instance._id}/${closingOf(instance)}`;
    const envelope = { instanceId: instance._id, payload: {} };
    return jobFor(release, envelope, { id, delayMs: lookMs.first });
  }

  async function lookAfter(instance: Instance): Promise<void> {
    const job = releaseOf(instance);
    if (added.has(job.id)) return;
    await queue.add([job]);
    added.set(job.id, true);
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
    ...tries,
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
    releaseOf,
    async park(instance, job, running) {
      const closing = closingOf(instance);
      await lookAfter(instance);
      const { _id, ...row } = asParked(instance, job, running);
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

function closingOf({ state, suspension, deletion }: Instance): string {
  const at = state === "deleted" ? deletion?.at : suspension?.at;
  return `${state}/${at?.getTime() ?? 0}`;
}

function restAfter(postponed: number): number {
  const rest = Math.min(lookMs.most, lookMs.first * 2 ** Math.min(postponed, 10));
  return rest * (1 + Math.random() / 4);
}
