import type { Queue as BullQueue } from "bullmq";
import type { Redis } from "ioredis";

/** Where the jobs are. */
interface Place {
  readonly redis: Redis;
  readonly prefix: string;
  readonly queueOf: (name: string) => Promise<Pick<BullQueue, "remove">>;
}

/** About how many keys Redis looks through at once. */
const lookedThrough = 200;

/**
 * Looks through the next keys of Redis, and removes the jobs under the prefix whose data `isOwn` knows; one
 * that is locked by its worker stays. What is there all the while is met by the end (Redis, SCAN).
 * @returns the place to go on from, null at the end
 */
export async function forgetSome(
  { redis, prefix, queueOf }: Place,
  isOwn: (data: unknown) => boolean,
  from: string | null,
): Promise<string | null> {
  // Another driver's place is no place here.
  const cursor = from !== null && /^\d+$/.test(from) ? from : "0";
  const match = `${prefix.replace(/[\\*?[\]^]/g, "\\$&")}:*`;
  const [next, keys] = await redis.scan(cursor, "MATCH", match, "COUNT", lookedThrough);
  // Neither a queue's name nor a job's id has a colon in it; whatever else has such a key is no hash with data.
  const jobs = keys.flatMap((key) => {
    const [queue, id, ...more] = key.slice(prefix.length + 1).split(":");
    return queue === undefined || id === undefined || more.length > 0 ? [] : [{ key, queue, id }];
  });
  const asked = redis.pipeline();
  for (const { key } of jobs) asked.hget(key, "data");
  const told = (await asked.exec()) ?? [];
  const own = jobs.filter((_job, at) => {
    const [, text] = told[at] ?? [];
    return typeof text === "string" && isOwn((JSON.parse(text) as { data: unknown }).data);
  });
  await Promise.all(own.map(async ({ queue, id }) => (await queueOf(queue)).remove(id)));
  return next === "0" ? null : next;
}
