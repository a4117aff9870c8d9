import {
  Postpone,
  RetryLater,
  Unrecoverable,
  type Backoff,
  type QueuedJob,
} from "../drivers/queue/queue.js";
import type { z } from "zod";
import type { Ctx } from "./context.js";
import type { Instance, InstanceState } from "./instance.js";

export { Postpone, RetryLater };
export type { QueuedJob };

/** Thrown by a job or subscriber: stop, no further try makes sense. */
export class GiveUp extends Unrecoverable {}

/** Something that happened, told by its ids; listeners read the rest again. */
export interface EventDef<P> {
  readonly name: string;
  readonly payload: z.ZodType<P>;
}

/** Declare an event; payloads hold ids only, since they are stored with the intent. */
export function defineEvent<P>(name: string, payload: z.ZodType<P>): EventDef<P> {
  return { name, payload };
}

/** A listener: a job of its own, so that one listener's failure delays no other. */
export interface Subscription {
  readonly event: string;
  readonly job: JobDef<unknown>;
}

/** Subscribe `run` to `event`. `name` is stored with the job; it may run twice. */
export function on<P>(
  event: EventDef<P>,
  name: string,
  run: (ctx: Ctx, payload: P) => Promise<void>,
): Subscription {
  const job = defineJob({ ...listening(`${event.name}/${name}`), payload: event.payload, run });
  return { event: event.name, job: job as JobDef<unknown> };
}

/**
 * The queues of a deployment, each with places of its own (`concurrency`), so that neither a mail server nor
 * slow peers delay what is quick, or each other (decision 0016). Whoever goes through the queues reads this list.
 */
export const queueNames = ["default", "incoming", "mail", "delivery"] as const;

export type QueueName = (typeof queueNames)[number];

/** Work done outside the request. It may run twice and at any later time. */
export interface JobDef<P> {
  readonly name: string;
  readonly queue: QueueName;
  readonly payload: z.ZodType<P>;
  readonly attempts: number;
  readonly backoff: Backoff;
  /**
   * What its instance may be meanwhile. It waits while that is suspended, or deleted and might come
   * back; of an instance that is past that, nothing is left to do.
   */
  readonly runsIn: readonly InstanceState[];
  run(ctx: Ctx, payload: P, attempt: Attempt): Promise<void>;
}

/** Which try this is, counted from 1, of how many. */
export interface Attempt {
  readonly number: number;
  readonly of: number;
  /** How often it was begun before without its try being counted; absent when never. */
  readonly postponed?: number;
}

/** How a job is stored: its id (parts joined by `/`) is what makes it one job. */
export interface EnqueueOptions {
  readonly id: string;
  readonly delayMs?: number;
  /** Due at once, but lets pass what falls due within this time: for the many of one burst. */
  readonly yieldsMs?: number;
}

const quick: Backoff = { baseMs: 1_000, factor: 3, maxMs: 3_600_000, jitter: 0.3 };

/** What an instance is while its ordinary work goes on. */
export const serving: readonly InstanceState[] = ["new", "active"];

/** Declare a job; nine tries over about an hour unless said otherwise. */
export function defineJob<P>(
  job: Pick<JobDef<P>, "name" | "payload" | "run"> & Partial<JobDef<P>>,
): JobDef<P> {
  return { ...listening(job.name), runsIn: serving, ...job };
}

/** How the job of a listener is stored: the name alone tells one from another. */
export function listening(
  name: string,
): Pick<JobDef<unknown>, "name" | "queue" | "attempts" | "backoff"> {
  return { name, queue: "default", attempts: 9, backoff: quick };
}

/** A job that the calendar adds, once for the deployment; it runs for every instance that it is for. */
export interface ScheduleDef {
  readonly key: string;
  /** Five-field cron expression, UTC. */
  readonly cron: string;
  readonly job: JobDef<Record<string, never>>;
  /** Whom it is for; active instances when absent. */
  readonly isFor?: (instance: Instance) => boolean;
  /** Lets pass what falls due within this time, half a minute unless told: for what nobody waits for. */
  readonly yieldsMs?: number;
}
