import { Queue as BullQueue } from "bullmq";
import { Redis } from "ioredis";
import type { Clock } from "../../src/drivers/clock.js";
import type { Queue } from "../../src/drivers/queue/queue.js";

/** BullMQ keeps the millisecond of a delayed job in the upper bits of its score. */
const scoreOfMs = 0x1000;
const lookMs = 5;
const batch = 200;

/**
 * Eleven years: 574 weeks exactly, so that days of the week stay what they are, and early enough for
 * BullMQ's scores to be whole numbers.
 */
const parkedMs = 4_018 * 86_400_000;

/**
 * The clock of a queue on BullMQ, whose delayed jobs are begun by the machine's clock and not by that of
 * a test, which stands still: what is not due yet lies years ahead for BullMQ, until `parkedQueue` sees
 * that the test's clock has come to it.
 */
export function parkedClock(clock: Clock): Clock {
  return { now: () => parked(clock.now()) };
}

interface ParkedParts {
  /** Made with the parked clock. */
  readonly inner: Queue;
  readonly clock: Clock;
  readonly url: string;
  readonly prefix: string;
}

const parked = (at: Date): Date => new Date(at.getTime() + parkedMs);
const unparked = (at: Date): Date => new Date(at.getTime() - parkedMs);

/** A queue on BullMQ for which time passes as the test's clock says. */
export function parkedQueue({ inner, clock, url, prefix }: ParkedParts): Queue {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  const queues = new Map<string, BullQueue>();
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    for (const [name, queue] of queues) {
      const dueBefore = (clock.now().getTime() + parkedMs + 1) * scoreOfMs;
      const key = `${prefix}:${name}:delayed`;
      const ids = await redis.zrange(key, "-inf", `(${dueBefore}`, "BYSCORE", "LIMIT", 0, batch);
      for (const id of ids) await promoted(queue, id);
    }
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => (looking = null));
  }, lookMs);
  return {
    ...inner,
    process(name, places, run) {
      queues.set(name, aBullQueue(name, redis, prefix));
      inner.process(name, places, ({ putOff, ...job }) =>
        run({ ...job, ...(putOff && { putOff: { ...putOff, since: unparked(putOff.since) } }) }),
      );
    },
    async oldestDue(name) {
      const due = await inner.oldestDue(name);
      return due === null ? null : unparked(due);
    },
    async peek(name, ids) {
      const jobs = await inner.peek(name, ids);
      return jobs.map((job) => ({ ...job, dueAt: unparked(job.dueAt) }));
    },
    async dead(name, limit, { after, ...wish } = {}) {
      const behind = after && { after: { ...after, diedAt: parked(after.diedAt) } };
      const jobs = await inner.dead(name, limit, { ...wish, ...behind });
      return jobs.map((job) => ({ ...job, diedAt: unparked(job.diedAt) }));
    },
    async close(graceMs) {
      await inner.close(graceMs);
      clearInterval(timer);
      await looking;
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };
}

function aBullQueue(name: string, redis: Redis, prefix: string): BullQueue {
  const queue = new BullQueue(name, { connection: redis, prefix, skipMetasUpdate: true });
  queue.on("error", () => undefined);
  return queue;
}

/** Another process may have been quicker. */
async function promoted(queue: BullQueue, id: string): Promise<void> {
  const job = await queue.getJob(id);
  await job?.promote().catch(() => undefined);
}
