import { DelayedError, WaitingError, type Job } from "bullmq";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.js";
import { CalmWorker } from "./bullmq-calm.js";
import { keepLeases, type Leases } from "./bullmq-leases.js";
import { triesOf } from "./bullmq-tries.js";
import type { JobData, Shelves } from "./bullmq-shelves.js";
import { openClosing, type Closing } from "./closing.js";
import type { Dead } from "./dead.js";
import type { QueueLog } from "./embedded-lane.js";
import { failureText } from "./failure-text.js";
import { lost, type TellLost } from "./lost.js";
import { verdictOn } from "./outcome.js";
import { createStarter, type OpenPlaces } from "./places.js";
import { keptPutOff, toldPutOff, type KeptPutOff } from "./put-off.js";
import type { RunningJob } from "./queue.js";
import { repeating } from "./repeating.js";
import { seldom } from "./seldom.js";

/** The work of one queue in one process. */
export interface BullWorker {
  start(): void;
  /** No new job; resolves when the running ones have ended or, after `graceMs`, are put back. */
  close(graceMs: number): Promise<void>;
}

/** What a worker is made of. */
export interface WorkerParts {
  readonly queue: string;
  readonly places: OpenPlaces;
  readonly run: (job: RunningJob) => Promise<void>;
  readonly shelves: Shelves;
  readonly dead: Dead;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly log: QueueLog;
  readonly tellLost: TellLost;
  readonly random: () => number;
}

type Held = Job<JobData, void>;

/** A job that the store could not bury is looked at again after this time. */
const buryAgainMs = 5_000;
const startAgainMs = 1_000;

/** Makes the worker of one queue; it asks Redis for nothing before `start`. */
export function createWorker(parts: WorkerParts): BullWorker {
  const closing = openClosing();
  const mayBegin = createStarter(parts.places.pace);
  let worker: CalmWorker<JobData, void> | null = null;
  let opened: { readonly connection: Redis; readonly leases: Leases } | null = null;
  const say = seldom((fields) => parts.log.warn(fields, "the queue failed"));
  const failed = (error: unknown): void => {
    say({ queue: parts.queue, error: failureText(error) });
  };
  const start = (): void => {
    if (closing.isClosing) return;
    const { connection, leases } = (opened ??= open(parts));
    const process = (job: Held, token = ""): Promise<void> =>
      leases.whileHeld({ id: job.id ?? "", token }, async () => {
        await mayBegin();
        const { leaseMs, clock } = parts;
        return serve(parts, closing, { job, token, leaseMs, clock, leases });
      });
    const made = new CalmWorker<JobData, void>(parts.queue, process, settings(parts, connection));
    worker = made;
    made.on("error", failed);
    // One whose loop ended by a failure does nothing any more: another takes its place.
    made.run().catch((error: unknown) => {
      failed(error);
      made.close(true).catch(failed);
      setTimeout(start, startAgainMs).unref();
    });
  };
  const look = async (): Promise<number> => {
    if (await opened?.leases.areSettled()) await parts.shelves.takeLost(parts.queue);
    return parts.leaseMs / 2;
  };
  const looking = repeating(parts.log, look, "jobs that were lost could not be looked for");
  return {
    start() {
      start();
      looking.start(parts.leaseMs / 2);
    },
    async close(graceMs) {
      closing.begin();
      const ended = Promise.all([worker?.close(), looking.stop()]);
      const timer = setTimeout(() => closing.release(), graceMs);
      await Promise.race([ended, closing.released.then(() => soon(ended, graceMs))]);
      clearTimeout(timer);
    },
  };
}

function open({ shelves, queue, leaseMs }: WorkerParts) {
  const connection = shelves.connect();
  return { connection, leases: keepLeases(connection, `${shelves.prefix}:${queue}`, leaseMs) };
}

/** Redis may be away for good: closing does not wait for it much longer than it was given. */
function soon(work: Promise<unknown>, ms: number): Promise<unknown> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, Math.max(ms, 1_000)).unref());
  return Promise.race([work, late]);
}

function settings({ shelves, places, leaseMs }: WorkerParts, connection: Redis) {
  return {
    ...{ connection, prefix: shelves.prefix, autorun: false },
    concurrency: places.most,
    ...{ lockDuration: leaseMs, skipStalledCheck: true },
    ...{ removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
    ...{ runRetryDelay: 1_000, drainDelay: 2 },
  };
}

interface Claim {
  readonly job: Held;
  readonly token: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly leases: Leases;
}

async function serve(parts: WorkerParts, closing: Closing, claim: Claim): Promise<void> {
  const { data, attempts, backoff, postponed, putOff } = claim.job.data;
  const tries = Math.max(1, triesOf(claim.job));
  if (closing.isClosing) return putBack(claim);
  if (tries > attempts) return buryLost(parts, claim, attempts);
  const id = claim.job.id ?? "";
  const { name } = claim.job;
  const running: RunningJob = {
    ...{ id, queue: parts.queue, name, data, attempt: tries, attempts },
    ...(postponed === 0 ? {} : { postponed }),
    ...toldPutOff(putOff, tries),
  };
  const failure = await closing.unlessLeft(attempt(parts, running), left);
  await claim.leases.areBack();
  if (failure === null) return;
  if (failure === left) return putBack(claim);
  const verdict = verdictOn(failure.cause, { tries, attempts, backoff }, parts.random);
  if (verdict.kind === "dead") {
    return bury(parts, claim, { tries, error: failureText(failure.cause) });
  }
  if (verdict.kind === "retry") return later(claim, verdict.delayMs, claim.job.data);
  const now = parts.clock.now().getTime();
  const kept = keptPutOff(verdict.why, { attempt: tries, before: putOff, now });
  return later(claim, verdict.delayMs, uncounted(claim.job.data, kept));
}

interface Failure {
  readonly cause: unknown;
}

const left: Failure = { cause: null };

async function attempt({ run }: WorkerParts, job: RunningJob): Promise<Failure | null> {
  try {
    await run(job);
    return null;
  } catch (cause) {
    return { cause };
  }
}

/** Puts a job back for any process; the try does not count. */
async function putBack(claim: Claim): Promise<never> {
  const { job, token } = claim;
  await keep(claim, uncounted(job.data, job.data.putOff));
  await job.moveToWait(token);
  throw new WaitingError();
}

async function later(claim: Claim, delayMs: number, data: JobData): Promise<never> {
  const dueAt = claim.clock.now().getTime() + Math.round(delayMs);
  await keep(claim, { ...data, dueAt });
  await claim.job.moveToDelayed(dueAt, claim.token);
  throw new DelayedError();
}

/** @throws when the lease is lost: the job is another worker's by now, and what is kept with it too. */
async function keep({ job, token, leaseMs }: Claim, data: JobData): Promise<void> {
  await job.extendLock(token, leaseMs);
  await job.updateData(data);
}

/** What is kept with a job whose try does not count. */
function uncounted(kept: JobData, putOff?: KeptPutOff): JobData {
  const { putOff: _before, postponed, ...data } = kept;
  return { ...data, postponed: postponed + 1, ...(putOff === undefined ? {} : { putOff }) };
}

async function buryLost(parts: WorkerParts, claim: Claim, tries: number): Promise<void> {
  await bury(parts, claim, { tries, error: lost });
  const { id = "", name, data } = claim.job;
  parts.tellLost({ queue: parts.queue, id, name, data: data.data, tries });
}

async function bury(
  { dead, queue, log }: WorkerParts,
  claim: Claim,
  { tries, error }: { readonly tries: number; readonly error: string },
): Promise<void> {
  const { id = "", name, data } = claim.job;
  const { attempts, backoff } = data;
  const job = { id, queue, name, data: data.data, attempts, backoff };
  try {
    await dead.bury(queue, [{ job, tries, error }]);
  } catch (failure) {
    log.warn({ queue, error: failureText(failure) }, "the queue's store failed");
    return later(claim, buryAgainMs, uncounted(data, data.putOff));
  }
}
