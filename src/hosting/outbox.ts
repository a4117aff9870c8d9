import { z } from "zod";
import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import { newOwner } from "../drivers/queue/embedded-owner.js";
import type { LoggedOf } from "../drivers/queue/lost.js";
import type { NewJob, OwnerOf, Queue } from "../drivers/queue/queue.js";
import type { IndexSpec, Store } from "../drivers/store/collection.js";
import { Refusal } from "../kit/refusal.js";
import { isDuplicate } from "../kit/records.js";
import {
  listening,
  type EnqueueOptions,
  type EventDef,
  type JobDef,
  type Subscription,
} from "../kit/work.js";
import { createGoneWriters } from "./gone-writers.js";

/** An event on its way: stored before the write it announces, removed once its jobs are stored. */
interface Intent {
  readonly _id: string;
  readonly instanceId: string;
  readonly event: string;
  /** The jobs of its listeners, by name: the sweep may be of a release that has others. */
  readonly heardBy: readonly string[];
  readonly payload: unknown;
  readonly at: Date;
  /** Whose write it announces; absent where the release before wrote it. */
  readonly owner?: string;
  readonly request?: string;
  readonly trace?: string;
  /** Written anew by each sweep that is about to announce it. */
  readonly sweptAt?: Date;
}

/** Indexes of the deployment-wide list of intents. */
export const intentIndexes: readonly IndexSpec[] = [{ keys: { at: 1 } }];

/** The request that something comes of: its id, and its place among the spans of a trace. */
export interface Origin {
  readonly request?: string | undefined;
  readonly trace?: string | undefined;
}

/** What travels in a job: ids only, that of the request among them which it comes of. */
export const envelopeSchema = z.object({
  instanceId: z.string(),
  payload: z.unknown(),
  request: z.string().max(64).optional(),
  trace: z.string().max(64).optional(),
});

export type Envelope = z.infer<typeof envelopeSchema>;

/** Makes a write and its announcement one, without a transaction (see decision 0004). */
export interface Outbox {
  commit<P, R>(
    instanceId: string,
    event: EventDef<P>,
    payload: P,
    write: () => Promise<R>,
    origin?: Origin,
  ): Promise<R>;
  /**
   * Announce again what was left behind: as soon as its last write can be seen where its process is gone, else
   * after `olderThanMs`, never what this process is writing now. Returns how many intents were fired. An intent
   * that cannot be announced holds up no other.
   */
  sweep(olderThanMs: number): Promise<number>;
  /**
   * Sweep every `everyMs` until closed. `olderThanMs` has to be longer than any write takes: the sweep
   * takes an older intent for one whose process died, and who announces what is not yet written tells nobody.
   */
  start(everyMs: number, olderThanMs: number): void;
  close(): Promise<void>;
}

interface OutboxParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** How long the last write of a killed process may stay unseen (`unseenMsOf`); 0 unless told. */
  readonly unseenMs?: number;
  /** May still grow while the application is made. */
  readonly subscriptions: readonly Subscription[];
}

/** The instance that a job acts for; null where its data does not say. */
export const instanceOfJob: OwnerOf = (data) => {
  const parsed = envelopeSchema.safeParse(data);
  return parsed.success ? parsed.data.instanceId : null;
};

/** What the log says of every job, also where no worker is left to tell of it: whose it is, and of which request. */
export const loggedOfJob: LoggedOf = (data) => {
  const parsed = envelopeSchema.safeParse(data);
  if (!parsed.success) return {};
  const { instanceId, request } = parsed.data;
  return { instanceId, ...(request === undefined ? {} : { request }) };
};

const always = (): Promise<boolean> => Promise.resolve(true);

/** What of a job's definition is stored with it. */
type JobShape = Pick<JobDef<unknown>, "queue" | "name" | "attempts" | "backoff">;

/** Build a job from its definition. */
export function jobFor(
  job: JobShape,
  { instanceId, payload, ...origin }: Envelope,
  when: EnqueueOptions,
): NewJob {
  const { queue, name, attempts, backoff } = job;
  const data = { instanceId, payload, ...known(origin) };
  return { ...when, queue, name, data, attempts, backoff };
}

/** What is known of an origin, and no field that is not. */
function known({ request, trace }: Origin): { request?: string; trace?: string } {
  return {
    ...(request === undefined ? {} : { request }),
    ...(trace === undefined ? {} : { trace }),
  };
}

/** Open the outbox on a store and a queue. */
export function createOutbox(parts: OutboxParts): Outbox {
  const { store, queue, clock, ids, log, subscriptions } = parts;
  const intents = store.collection<Intent>("intents");
  const pending = new Set<Promise<unknown>>();
  const writing = new Set<string>();
  const owner = newOwner();
  const goneWriters = createGoneWriters(clock, parts.unseenMs ?? 0);
  let timer: NodeJS.Timeout | null = null;

  /** The names of the jobs that hear of an event. */
  function listenersOf(event: string): readonly string[] {
    const heard = subscriptions.filter((subscription) => subscription.event === event);
    return heard.map(({ job }) => job.name);
  }

  async function announce(intent: Intent): Promise<void> {
    await queue.add(
      intent.heardBy.map((name) =>
        jobFor(listening(name), intent, { id: `${intent._id}/${name}` }),
      ),
    );
    track(intents.deleteOne({ _id: intent._id }));
  }

  function track(work: Promise<unknown>): void {
    const settled = work
      .catch((error: unknown) => log.warn({ err: error }, "left to the sweep"))
      .finally(() => pending.delete(settled));
    pending.add(settled);
  }

  async function announceOrLeave(
    intent: Intent,
    mayNow: (intent: Intent) => Promise<boolean> = always,
  ): Promise<boolean> {
    try {
      if (!(await mayNow(intent))) return false;
      await announce(intent);
      return true;
    } catch (error) {
      log.warn({ err: error, event: intent.event }, "not announced, left to the sweep");
      return false;
    }
  }

  /**
   * A majority of servers has this write only once it has those before it: what is announced can then be
   * read. False where somebody else has announced it meanwhile.
   */
  async function isSettled({ _id }: Intent): Promise<boolean> {
    const { matchedCount } = await intents.updateOne({ _id }, { $set: { sweptAt: clock.now() } });
    return matchedCount > 0;
  }

  async function sweep(olderThanMs: number): Promise<number> {
    const before = clock.now().getTime() - olderThanMs;
    const isGone = goneWriters();
    const isLeft = ({ at, owner: writer = "" }: Intent): boolean =>
      at.getTime() <= before || isGone(writer);
    let fired = 0;
    // The young ones are those few that are being written.
    for await (const intent of intents.find({}, { sort: { at: 1 } })) {
      if (writing.has(intent._id) || !isLeft(intent)) continue;
      if (await announceOrLeave(intent, isSettled)) fired += 1;
    }
    return fired;
  }

  /** Nothing was written by a refused write; after any other failure something may have been. */
  async function written<R>(intent: Intent, write: () => Promise<R>): Promise<R> {
    try {
      return await write();
    } catch (error) {
      const refused = error instanceof Refusal || isDuplicate(error);
      if (refused) track(intents.deleteOne({ _id: intent._id }));
      throw error;
    }
  }

  return {
    sweep,
    async commit(instanceId, event, payload, write, origin = {}) {
      const heardBy = listenersOf(event.name);
      if (heardBy.length === 0) return write();
      const intent: Intent = {
        ...{ _id: ids.next(), instanceId, event: event.name, heardBy, payload, at: clock.now() },
        ...{ owner, ...known(origin) },
      };
      writing.add(intent._id);
      try {
        await intents.insertOne(intent);
        const result = await written(intent, write);
        await announceOrLeave(intent);
        return result;
      } finally {
        writing.delete(intent._id);
      }
    },
    start(everyMs, olderThanMs) {
      let sweeping = false;
      timer = setInterval(() => {
        if (sweeping) return;
        sweeping = true;
        track(sweep(olderThanMs).finally(() => (sweeping = false)));
      }, everyMs);
      timer.unref();
    },
    async close() {
      if (timer !== null) clearInterval(timer);
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}
