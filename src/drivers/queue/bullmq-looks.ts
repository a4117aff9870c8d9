import type { Redis } from "ioredis";
import { mostPeeked } from "./bounds.js";
import type { JobData } from "./bullmq-shelves.js";
import type { QueueCounts, QueuedJob } from "./queue.js";

/** BullMQ keeps the millisecond of a delayed job in the upper bits of its score. */
const scoreOfMs = 0x1000;

/** A queue's keys at a moment. */
export interface Look {
  readonly redis: Redis;
  readonly key: string;
  readonly now: number;
}

/** Asked in a script, since a full Redis refuses every command between MULTI and EXEC. */
const counted = `
return {
  redis.call("LLEN", KEYS[1]), redis.call("ZCARD", KEYS[2]), redis.call("LLEN", KEYS[3]),
  redis.call("ZCOUNT", KEYS[4], "-inf", ARGV[1]), redis.call("ZCARD", KEYS[4])
}`;

/**
 * How many jobs are where; asked all at once: one that passes from one list to the next meanwhile is in
 * one of them.
 */
export async function counts({ redis, key, now }: Look): Promise<Omit<QueueCounts, "dead">> {
  const lists = ["wait", "prioritized", "active", "delayed"].map((list) => `${key}:${list}`);
  const dueBefore = `(${(now + 1) * scoreOfMs}`;
  const answer = (await redis.eval(counted, lists.length, ...lists, dueBefore)) as number[];
  const [plain = 0, ranked = 0, running = 0, due = 0, delayed = 0] = answer;
  return { waiting: plain + ranked + due, delayed: delayed - due, running };
}

/**
 * When the job that has been due for longest was due; null when none is. BullMQ adds to the left of its list
 * and takes from the right; of the patient, that which is served next is looked at.
 */
export async function oldestDue({ redis, key, now }: Look): Promise<Date | null> {
  const dueBefore = (now + 1) * scoreOfMs;
  const [waiting, [patient], delayed] = await Promise.all([
    redis.lindex(`${key}:wait`, -1),
    redis.zrange(`${key}:prioritized`, "0", "0"),
    redis.zrange(`${key}:delayed`, "-inf", `(${dueBefore}`, "BYSCORE", "LIMIT", 0, 1, "WITHSCORES"),
  ]);
  const ids = [waiting, patient].filter((id) => typeof id === "string");
  const fields = await Promise.all(
    ids.map((id) => redis.hmget(`${key}:${id}`, "timestamp", "delay", "data")),
  );
  const dues = [
    ...fields.flatMap(([addedAt, delay, data]) =>
      typeof addedAt === "string" ? [dueSince(data) ?? Number(addedAt) + Number(delay ?? 0)] : [],
    ),
    ...(delayed[1] === undefined ? [] : [Math.floor(Number(delayed[1]) / scoreOfMs)]),
  ];
  return dues.length === 0 ? null : new Date(Math.min(...dues));
}

/** When a job was due that was put off before; null for one that never was. */
function dueSince(data: string | null | undefined): number | null {
  return data == null ? null : ((JSON.parse(data) as JobData).dueAt ?? null);
}

type Answers = Awaited<ReturnType<ReturnType<Redis["pipeline"]>["exec"]>>;

function values(answers: Answers): unknown[] {
  return (answers ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}

/** Those of some jobs that wait or run. @throws RangeError for more than 500 */
export async function peek(
  { redis, key, now }: Look,
  ids: readonly string[],
): Promise<readonly QueuedJob[]> {
  if (ids.length > mostPeeked) throw new RangeError(`at most ${mostPeeked} jobs at once`);
  if (ids.length === 0) return [];
  const asked = redis.pipeline();
  for (const id of ids) {
    asked.hget(`${key}:${id}`, "timestamp").pttl(`${key}:${id}:lock`).zscore(`${key}:delayed`, id);
  }
  const told = values(await asked.exec());
  return ids.flatMap((id, at) => {
    const [addedAt, lockMs, score] = told.slice(at * 3, at * 3 + 3);
    if (addedAt === null) return [];
    const isRunning = Number(lockMs) > 0;
    const waitsFor = score === null ? Number(addedAt) : Math.floor(Number(score) / scoreOfMs);
    return [{ id, isRunning, dueAt: new Date(isRunning ? now + Number(lockMs) : waitsFor) }];
  });
}
