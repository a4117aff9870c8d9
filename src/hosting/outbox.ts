import { z } from "zod";
import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import type { NewJob, Queue } from "../drivers/queue/queue.js";
import type { IndexSpec, Store } from "../drivers/store/collection.js";
import { Refusal } from "../kit/refusal.js";
import { isDuplicate } from "../kit/records.js";
import type { EventDef, JobDef, Subscription } from "../kit/work.js";

/** An event on its way: stored before the write it announces, removed once its jobs are stored. */
interface Intent {
  readonly _id: string;
  readonly instanceId: string;
  readonly event: string;
  readonly payload: unknown;
  readonly at: Date;
}

/** Indexes of the deployment-wide list of intents. */
export const intentIndexes: readonly IndexSpec[] = [{ keys: { at: 1 } }];

/** What travels in a job: ids only. */
export const envelopeSchema = z.object({ instanceId: z.string(), payload: z.unknown() });

/** Makes a write and its announcement one, without a transaction (see decision 0004). */
export interface Outbox {
  commit<P, R>(
    instanceId: string,
    event: EventDef<P>,
    payload: P,
    write: () => Promise<R>,
  ): Promise<R>;
  /** Announce again what was left behind for `olderThanMs`; returns how many intents were fired. */
  sweep(olderThanMs: number): Promise<number>;
  /** Sweep every `everyMs` until closed. */
  start(everyMs: number): void;
  close(): Promise<void>;
}

interface OutboxParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly subscriptions: readonly Subscription[];
}

/** What of a job's definition is stored with it. */
type JobShape = Pick<JobDef<unknown>, "queue" | "name" | "attempts" | "backoff">;

/** Build a job from its definition. */
export function jobFor(
  job: JobShape,
  instanceId: string,
  payload: unknown,
  id: string,
  delayMs?: number,
): NewJob {
  const { queue, name, attempts, backoff } = job;
  const plain = { id, queue, name, data: { instanceId, payload }, attempts, backoff };
  return delayMs === undefined ? plain : { ...plain, delayMs };
}

/** Open the outbox on a store and a queue. */
export function createOutbox(parts: OutboxParts): Outbox {
  const { store, queue, clock, ids, log, subscriptions } = parts;
  const intents = store.collection<Intent>("intents");
  const pending = new Set<Promise<unknown>>();
  let timer: NodeJS.Timeout | null = null;

  async function announce(intent: Intent): Promise<void> {
    const jobs = subscriptions
      .filter((subscription) => subscription.event === intent.event)
      .map(({ job }) =>
        jobFor(job, intent.instanceId, intent.payload, `${intent._id}/${job.name}`),
      );
    if (jobs.length > 0) await queue.add(jobs);
    track(intents.deleteOne({ _id: intent._id }));
  }

  function track(work: Promise<unknown>): void {
    const settled = work
      .catch((error: unknown) => log.warn({ err: error }, "left to the sweep"))
      .finally(() => pending.delete(settled));
    pending.add(settled);
  }

  async function sweep(olderThanMs: number): Promise<number> {
    const before = new Date(clock.now().getTime() - olderThanMs);
    const stale = await intents
      .find({ at: { $lte: before } }, { sort: { at: 1 }, limit: 200 })
      .toArray();
    for (const intent of stale) await announce(intent);
    return stale.length;
  }

  return {
    sweep,
    async commit(instanceId, event, payload, write) {
      const intent = { _id: ids.next(), instanceId, event: event.name, payload, at: clock.now() };
      await intents.insertOne(intent);
      const result = await write().catch(async (error: unknown) => {
        // Nothing was written by a refused write; after any other failure something may have been.
        if (error instanceof Refusal || isDuplicate(error)) {
          await intents.deleteOne({ _id: intent._id });
        }
        throw error;
      });
      await announce(intent).catch((error: unknown) =>
        log.warn({ err: error, event: event.name }, "queue unavailable, left to the sweep"),
      );
      return result;
    },
    start(everyMs) {
      timer = setInterval(() => track(sweep(2 * everyMs)), everyMs);
      timer.unref();
    },
    async close() {
      if (timer !== null) clearInterval(timer);
      await Promise.all(pending);
    },
  };
}
