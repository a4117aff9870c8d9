import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Clock } from "../drivers/clock.js";
import {
  Postpone,
  Unrecoverable,
  type Pace,
  type Queue,
  type RunningJob,
} from "../drivers/queue/queue.js";
import { failureText } from "../drivers/queue/failure-text.js";
import type { Traces } from "../drivers/traces.js";
import type { Store } from "../drivers/store/collection.js";
import { isStoreUnavailable } from "../drivers/store/unavailable.js";
import type { Ctx } from "../kit/context.js";
import type { Feature } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import { createTogether } from "../kit/look-ups.js";
import type { JobDef } from "../kit/work.js";
import { calendarOf } from "./calendar-jobs.js";
import type { Contexts } from "./contexts.js";
import type { Instances } from "./instances.js";
import { envelopeSchema } from "./outbox.js";
import { createParkedSweep } from "./parked-sweep.js";
import { createParking, isClosed, type Parking } from "./parking.js";
import type { Readers } from "./readers.js";
import { tracedJob } from "./traces.js";
import { unknownJob } from "./unknown-jobs.js";

interface WorkerParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly instances: Instances;
  readonly contexts: Contexts;
  readonly features: readonly Feature[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Who reads pages in this process; nobody when absent. */
  readonly readers?: Readers;
  /** Null or absent where nobody collects them. */
  readonly traces?: Traces | null;
  /** Told how each run of a job ended. */
  readonly ended?: (ending: JobEnding) => void;
  /** Whether no later release came to the store (see `latestIn`), whose calendar would be left; so when absent. */
  readonly isLatest?: () => Promise<boolean>;
}

/** How one run of a job ended; `job` is a declared name. */
export interface JobEnding {
  readonly queue: string;
  readonly job: string;
  readonly outcome: "done" | "retried" | "postponed" | "given-up";
  readonly ms: number;
}

/** How many jobs run at once: quick ones, and those that wait for other servers. */
export const concurrency = { default: 8, delivery: 64 } as const;

/** How deliveries begin while somebody reads: each pair holds up a page by about a millisecond. */
const pace: Pace = { together: 2, restMs: 8 };

/** Hand the queue its workers, the calendar, and what it may have lost; `queue.start()` is the caller's. */
export async function startWorkers(parts: WorkerParts): Promise<void> {
  const { queue, features } = parts;
  const parking = createParking(parts);
  const jobs = jobsByName(features, parking.release as JobDef<unknown>);
  const sweep = createParkedSweep({ ...parts, parking });
  const calendar = [...calendarOf(parts, features), sweep.line];
  const lines = new Map(calendar.map((line) => [line.entry.job.name, line]));
  const find = finder(parts.instances);
  const isKnown = (name: string): boolean => jobs.has(name) || lines.has(name);
  const run = observed(parts, isKnown, async (running) => {
    const line = lines.get(running.name);
    if (line !== undefined) {
      await line.run(running);
      return "done";
    }
    const job = jobs.get(running.name);
    if (job === undefined) throw unknownJob(running, parts.clock.now());
    return runJob({ ...parts, parking }, find, job, running);
  });
  queue.process("default", concurrency.default, run);
  const paceNow = (): Pace | null => (parts.readers?.areThere() === true ? pace : null);
  queue.process("delivery", { most: concurrency.delivery, pace: paceNow }, run);
  const entries = calendar.map(({ entry }) => entry);
  const { isLatest } = parts;
  const onlyAdd = isLatest !== undefined && (async () => !(await isLatest()));
  await queue.schedule(entries, { onlyAdd });
  await sweep.begin();
}

type Outcome = JobEnding["outcome"];
type Run = (running: RunningJob) => Promise<Outcome>;

/** Tells how each run ended, under the name of a job that there is. */
function observed(
  { ended = () => undefined }: WorkerParts,
  isKnown: (name: string) => boolean,
  run: Run,
): (running: RunningJob) => Promise<void> {
  const blameless = withoutBlame(run);
  return async (running) => {
    const began = performance.now();
    const tell = (outcome: Outcome): void => {
      const job = isKnown(running.name) ? running.name : "(unknown)";
      ended({ queue: running.queue, job, outcome, ms: performance.now() - began });
    };
    let outcome: Outcome;
    try {
      outcome = await blameless(running);
    } catch (error) {
      tell(outcomeOf(error, running));
      throw error;
    }
    tell(outcome);
  };
}

function outcomeOf(error: unknown, { attempt, attempts }: RunningJob): Outcome {
  if (error instanceof Postpone) return "postponed";
  return error instanceof Unrecoverable || attempt >= attempts ? "given-up" : "retried";
}

/** How long a job rests that found no store, and at most how much longer, so that not all come at once. */
const storeRestMs = 5_000;

/** A store that does not answer costs no job a try: however long it is away, nothing is given up. */
function withoutBlame(run: Run): Run {
  return async (running) => {
    try {
      return await run(running);
    } catch (error) {
      if (!isStoreUnavailable(error)) throw error;
      throw new Postpone("the store does not answer", storeRestMs * (1 + Math.random()));
    }
  };
}

/** Every job under its stored name. @throws when two would answer to one name. */
function jobsByName(
  features: readonly Feature[],
  own: JobDef<unknown>,
): Map<string, JobDef<unknown>> {
  const jobs = new Map([[own.name, own]]);
  for (const feature of features) {
    const heard = feature.on.map((subscription) => subscription.job);
    const scheduled = feature.schedules.map((schedule) => schedule.job as JobDef<unknown>);
    for (const job of [...feature.jobs, ...heard, ...scheduled]) {
      const known = jobs.get(job.name);
      if (known !== undefined && known !== job) throw new Error(`Two jobs are called ${job.name}.`);
      jobs.set(job.name, job);
    }
  }
  return jobs;
}

type Find = (queue: string, id: string) => Promise<Instance | null>;

/** Deliveries only ask where an instance is and whether it is active: what was so a second ago will do. */
const keptMs = 1_000;

/** Jobs of one instance that begin at once look it up once. */
function finder(instances: Instances): Find {
  const kept = new LRUCache<string, Instance>({ max: 5_000, ttl: keptMs });
  const together = createTogether<Instance | null>();
  return async (queue, id) => {
    const known = queue === "delivery" ? kept.get(id) : undefined;
    if (known !== undefined) return known;
    const found = await together(id, () => instances.byId(id));
    if (found !== null) kept.set(id, found);
    return found;
  };
}

async function runJob(
  parts: WorkerParts & { readonly parking: Parking },
  find: Find,
  job: JobDef<unknown>,
  running: RunningJob,
): Promise<Outcome> {
  const envelope = envelopeSchema.safeParse(running.data);
  if (!envelope.success) throw new Unrecoverable("the job names no instance");
  const { instanceId, payload, request, trace } = envelope.data;
  const instance = await find(job.queue, instanceId);
  if (instance === null) throw new Unrecoverable("there never was such an instance");
  if (!job.runsIn.includes(instance.state)) {
    // Of one that never will be open again, nothing is left to do.
    if (!isClosed(instance)) return "done";
    await parts.parking.park(instance, job, running);
    return "postponed";
  }
  const from = request === undefined ? {} : { request };
  const log = parts.log.child({ instance: instance.host, job: running.id, ...from });
  const ctx = parts.contexts({
    ...{ instance, member: null, language: instance.language, log },
    request: request === undefined ? undefined : () => request,
  });
  const parsed = job.payload.safeParse(payload);
  if (!parsed.success) throw new Unrecoverable(`payload of ${job.name} is not as declared`);
  const { name, queue } = job;
  const traced = { name, queue, attempt: running.attempt, instance: instance.host, request, trace };
  await tracedJob(parts.traces ?? null, traced, () =>
    runParsed(job, running, { ctx, payload: parsed.data }),
  );
  return "done";
}

async function runParsed(
  job: JobDef<unknown>,
  { attempt: number, attempts: of, postponed }: RunningJob,
  { ctx, payload }: { readonly ctx: Ctx; readonly payload: unknown },
): Promise<void> {
  const known = { name: job.name, attempt: number };
  try {
    await job.run(ctx, payload, {
      ...{ number, of },
      ...(postponed === undefined ? {} : { postponed }),
    });
  } catch (error) {
    ctx.log.debug({ ...known, error: failureText(error) }, "job failed");
    throw error;
  }
  ctx.log.debug(known, "job done");
}
