import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Clock } from "../drivers/clock.js";
import { Unrecoverable, type Pace, type Queue, type RunningJob } from "../drivers/queue/queue.js";
import { smtpConnections } from "../drivers/mail.js";
import type { Traces } from "../drivers/traces.js";
import type { Store } from "../drivers/store/collection.js";
import type { Feature } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import { createTogether } from "../kit/look-ups.js";
import { queueNames, type JobDef, type QueueName } from "../kit/work.js";
import { calendarOf } from "./calendar-jobs.js";
import type { Contexts } from "./contexts.js";
import type { Instances } from "./instances.js";
import { ended, logOf, observed, type JobEnding, type Run } from "./job-endings.js";
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

/**
 * How many jobs run at once: quick ones, those about what other servers sent, mails, of which the mail
 * server is given as many together, and those that wait for other servers.
 */
export const concurrency: Readonly<Record<QueueName, number>> = {
  ...{ default: 8, incoming: 16, mail: smtpConnections, delivery: 64 },
};

/** What nobody waits for who reads pages. */
const paced: ReadonlySet<QueueName> = new Set(["mail", "delivery"]);

/** How that begins while somebody reads: each pair holds up a page by about a millisecond. */
const pace: Pace = { together: 2, restMs: 8 };

/** Hand the queue its workers, the calendar, and what it may have lost; `queue.start()` is the caller's. */
export async function startWorkers(parts: WorkerParts): Promise<void> {
  const { queue, features } = parts;
  const parking = createParking(parts);
  const jobs = jobsByName(features, parking.release as JobDef<unknown>);
  const sweep = createParkedSweep({ ...parts, parking });
  const calendar = [...calendarOf(parts, features), sweep.line];
  const lines = new Map(calendar.map((line) => [line.entry.job.name, line]));
  const find = finder(parts);
  const isKnown = (name: string): boolean => jobs.has(name) || lines.has(name);
  const run = observed(parts, isKnown, async (running) => {
    const line = lines.get(running.name);
    if (line !== undefined) return ended(logOf(parts.log, running), () => line.run(running));
    const job = jobs.get(running.name);
    if (job === undefined) throw unknownJob(running, parts.clock.now());
    return runJob({ ...parts, parking }, find, job, running);
  });
  const paceNow = (): Pace | null => (parts.readers?.areThere() === true ? pace : null);
  for (const name of queueNames) {
    const most = concurrency[name];
    queue.process(name, paced.has(name) ? { most, pace: paceNow } : most, run);
  }
  const entries = calendar.map(({ entry }) => entry);
  const { isLatest } = parts;
  const onlyAdd = isLatest !== undefined && (async () => !(await isLatest()));
  await queue.schedule(entries, { onlyAdd });
  await sweep.begin();
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

/** Jobs of one instance that begin at once look it up once; of one that there is not, the log tells once. */
function finder({ instances, log }: WorkerParts): Find {
  const missing = new LRUCache<string, true>({ max: 1_000 });
  const kept = new LRUCache<string, Instance>({ max: 5_000, ttl: keptMs });
  const together = createTogether<Instance | null>();
  return async (queue, id) => {
    const known = queue === "delivery" ? kept.get(id) : undefined;
    if (known !== undefined) return known;
    const found = await together(id, () => instances.byId(id));
    if (found !== null) kept.set(id, found);
    else if (!missing.has(id)) {
      missing.set(id, true);
      log.info({ instanceId: id }, "jobs of an instance that does not exist are dropped");
    }
    return found;
  };
}

async function runJob(
  parts: WorkerParts & { readonly parking: Parking },
  find: Find,
  job: JobDef<unknown>,
  running: RunningJob,
): Promise<Run> {
  const envelope = envelopeSchema.safeParse(running.data);
  if (!envelope.success) throw new Unrecoverable("the job names no instance");
  const { instanceId, payload, request, trace } = envelope.data;
  const instance = await find(job.queue, instanceId);
  // Made in a time that a restoration has undone: nothing is left to do.
  if (instance === null) return { log: logOf(parts.log, running), outcome: "done" };
  const log = logOf(parts.log, running, instance);
  if (!job.runsIn.includes(instance.state)) {
    // Of one that never will be open again, nothing is left to do.
    if (!isClosed(instance)) return { log, outcome: "done" };
    return ended(log, () => parts.parking.park(instance, job, running), "postponed");
  }
  const ctx = parts.contexts({
    ...{ instance, member: null, language: instance.language, log },
    request: request === undefined ? undefined : () => request,
  });
  const { name, queue } = job;
  const { attempt: number, attempts: of, postponed } = running;
  const traced = { name, queue, attempt: number, instance: instance.host, request, trace };
  const attempt = { number, of, ...(postponed === undefined ? {} : { postponed }) };
  return ended(log, async () => {
    const parsed = job.payload.safeParse(payload);
    if (!parsed.success) throw new Unrecoverable(`payload of ${name} is not as declared`);
    await tracedJob(parts.traces ?? null, traced, () => job.run(ctx, parsed.data, attempt));
  });
}
