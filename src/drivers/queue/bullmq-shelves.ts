import { Queue as BullQueue } from "bullmq";
import { Redis } from "ioredis";
import { defaultLeaseMs } from "./bounds.js";
import type { BullQueueOptions, SignedIn } from "./bullmq.js";
import { checkWriting, keepingOf, memoryOf } from "./bullmq-check.js";
import { corked } from "./bullmq-corked.js";
import { leavingReplicas } from "./bullmq-failover.js";
import { forgetSome } from "./bullmq-forget.js";
import { counts, oldestDue, peek } from "./bullmq-looks.js";
import type { CarriedJob } from "./carried-job.js";
import type { QueueLog } from "./embedded-lane.js";
import { failureText } from "./failure-text.js";
import type { KeptPutOff } from "./put-off.js";
import type {
  Backoff,
  NewJob,
  QueueCounts,
  QueuedJob,
  QueueKeeping,
  QueueMemory,
} from "./queue.js";
import { register } from "./redis-names.js";
import { seldom } from "./seldom.js";

/** What of a job is kept as its data in Redis. */
export interface JobData {
  readonly data: unknown;
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Runs begun whose try did not count. */
  readonly postponed: number;
  /** Runs begun before it came to Redis, those that did not count among them; absent when none was. */
  readonly before?: number;
  /** Why its try is put off; absent where nothing was named. */
  readonly putOff?: KeptPutOff;
  /** When it is due, in milliseconds, since it was put off; BullMQ forgets that once it is. */
  readonly dueAt?: number;
}

/** The queues in Redis, as whoever adds to them and asks about them sees them. */
export interface Shelves {
  readonly prefix: string;
  /** Whether Redis is connected; waits for the outcome of the first attempt alone. */
  isUp(): Promise<boolean>;
  /** Resolves once Redis has the jobs; rejects within the time that it is given. */
  add(jobs: readonly CarriedJob[]): Promise<void>;
  counts(queue: string): Promise<Omit<QueueCounts, "dead">>;
  oldestDue(queue: string): Promise<Date | null>;
  peek(queue: string, ids: readonly string[]): Promise<readonly QueuedJob[]>;
  /** Looks through the next jobs from a place on, and forgets those that wait of which `isOwn` says so. */
  forget(isOwn: (data: unknown) => boolean, from: string | null): Promise<string | null>;
  /**
   * Notes which jobs of a queue run, and gives those to somebody else that were noted before and that nobody
   * holds any more. It is sent once or not at all: when Redis comes back, nobody may hold any.
   */
  takeLost(queue: string): Promise<void>;
  /** A connection of its own for a worker, which waits as long as Redis is away or a replica. */
  connect(): Redis;
  /** Rejects with a plain reason when Redis does not answer, or takes nothing. */
  check(): Promise<void>;
  memory(): Promise<QueueMemory>;
  keeping(): Promise<QueueKeeping>;
  close(): Promise<void>;
}

/** Jobs in one transaction. */
const addBatch = 500;
/** Events of BullMQ that are kept for whoever looks; nobody here does. */
const keptEvents = 100;

type Parts = Pick<BullQueueOptions, "url" | "clock" | "prefix" | "signedInAs" | "leaseMs"> & {
  readonly log: QueueLog;
  readonly patienceMs: number;
};

/** Connects to Redis; never waits for it. */
export function createShelves(parts: Parts): Shelves {
  const { url, clock, log, prefix, patienceMs, leaseMs = defaultLeaseMs } = parts;
  const now = (): number => clock.now().getTime();
  const opened = new Set<Redis>();
  const say = seldom((fields) => log.warn(fields, "Redis failed"));
  const failed = (error: unknown): void => say({ error: failureText(error) });
  const open = (settings: object, isSentAgain: boolean): Redis => {
    const redis = new Redis(url, {
      ...leavingReplicas({ isSentAgain, refused: failed }),
      ...{ maxRetriesPerRequest: null, ...settings },
    });
    redis.on("error", failed);
    opened.add(redis);
    return redis;
  };
  // What it was given up for is not sent later: whoever asked has done something else about it.
  const only = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
  const redis = open({ ...only, commandTimeout: patienceMs, connectTimeout: patienceMs }, false);
  if (parts.signedInAs !== undefined) signIn(redis, parts.signedInAs);
  const tried = new Promise<void>((resolve) => {
    redis.once("ready", resolve).once("close", resolve);
  });
  const queues = openedOnce((name) => {
    const queue = new BullQueue(name, {
      ...{ connection: redis, prefix, skipMetasUpdate: true, ...lossesAfter(leaseMs) },
      streams: { events: { maxLen: keptEvents } },
    });
    // Said by whoever asks something of it.
    queue.on("error", () => undefined);
    return queue;
  });
  const soon = <T>(ask: () => Promise<T>): Promise<T> => withPatience(tried.then(ask), patienceMs);
  return {
    prefix,
    async isUp() {
      await tried;
      return redis.status === "ready";
    },
    async add(jobs) {
      for (const [name, own] of byQueue(jobs)) {
        for (let i = 0; i < own.length; i += addBatch) {
          const batch = own.slice(i, i + addBatch).map((job) => asBullJob(job, now()));
          await soon(async () => (await queues.of(name)).addBulk(batch));
        }
      }
    },
    counts: (queue) => soon(() => counts({ redis, key: `${prefix}:${queue}`, now: now() })),
    oldestDue: (queue) => soon(() => oldestDue({ redis, key: `${prefix}:${queue}`, now: now() })),
    peek: (queue, ids) => soon(() => peek({ redis, key: `${prefix}:${queue}`, now: now() }, ids)),
    forget: (isOwn, from) =>
      soon(() => forgetSome({ redis, prefix, queueOf: queues.of }, isOwn, from)),
    takeLost: (queue) =>
      soon(async () => void (await (await queues.of(queue)).getBackend().moveStalledJobsToWait())),
    connect: () => corked(open({}, true)),
    check: () => soon(() => checkWriting({ redis, prefix })),
    memory: () => soon(() => memoryOf(redis)),
    keeping: () => soon(() => keepingOf(redis)),
    async close() {
      await Promise.allSettled(
        queues.all().map((queue) => withPatience(queue.close(), patienceMs)),
      );
      for (const connection of opened) connection.disconnect();
    },
  };
}

/**
 * What BullMQ asks of workers alone, whose connections send again what was not answered. A try is counted
 * when it begins: a job that stops its process each time dies by that count.
 */
function lossesAfter(leaseMs: number) {
  return { maxStalledCount: Number.MAX_SAFE_INTEGER, stalledInterval: Math.round(leaseMs / 2) };
}

/** Written each time that Redis is reached: it may have lost all it had. */
function signIn(redis: Redis, { deployment, store }: SignedIn): void {
  redis.on("ready", () => {
    // It is told to people alone; the next connection says it again.
    redis.hset(register, deployment, store).catch(() => undefined);
  });
}

interface OpenedQueues {
  of(name: string): Promise<BullQueue>;
  all(): readonly BullQueue[];
}

/** One that cannot reach Redis while it is made stays of no use for good: it is made anew. */
function openedOnce(open: (name: string) => BullQueue): OpenedQueues {
  const queues = new Map<string, BullQueue>();
  return {
    async of(name) {
      const queue = queues.get(name) ?? open(name);
      queues.set(name, queue);
      try {
        await queue.waitUntilReady();
      } catch (error) {
        if (queues.get(name) === queue) queues.delete(name);
        throw error;
      }
      return queue;
    },
    all: () => [...queues.values()],
  };
}

async function withPatience<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Redis does not answer")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function byQueue(jobs: readonly CarriedJob[]): Map<string, CarriedJob[]> {
  const groups = new Map<string, CarriedJob[]>();
  for (const job of jobs) groups.set(job.queue, [...(groups.get(job.queue) ?? []), job]);
  return groups;
}

/** Of how many milliseconds BullMQ's priorities are made, and how many there are. */
const turnMs = 100;
const turns = 2 ** 21 - 1;

/**
 * BullMQ serves jobs without a priority first, then by priority, the smallest first. The patient get the
 * time of their turn as theirs; it comes round every 58 hours, which then puts the newer before the older.
 */
function priorityOf({ delayMs = 0, yieldsMs = 0 }: NewJob, now: number): number {
  if (delayMs > 0 || yieldsMs <= 0) return 0;
  return 1 + (Math.floor((now + yieldsMs) / turnMs) % turns);
}

/**
 * What comes of a job is decided before BullMQ hears of it. Should even that fail (Redis is full, a lease
 * is lost), BullMQ delays the job and forgets it under no circumstances.
 */
const whenAllElseFails = {
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: "fixed", delay: 5_000 },
} as const;

/** BullMQ reckons from `timestamp` when the job is due. */
function asBullJob(job: CarriedJob, now: number) {
  const { id, name, data, attempts, backoff, delayMs = 0, tries = 0, postponed = 0, putOff } = job;
  const before = tries + postponed;
  const kept: JobData = {
    ...{ data: data ?? null, attempts, backoff, postponed },
    ...(before === 0 ? {} : { before }),
    ...(putOff === undefined ? {} : { putOff }),
  };
  const delay = Math.max(0, Math.round(delayMs));
  return {
    name,
    data: kept,
    opts: {
      jobId: id,
      timestamp: job.dueSince ?? now,
      delay,
      priority: priorityOf(job, now),
      removeOnComplete: true,
      removeOnFail: true,
      ...whenAllElseFails,
    },
  };
}
