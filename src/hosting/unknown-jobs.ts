import { Postpone, Unrecoverable, type RunningJob } from "../drivers/queue/queue.js";

/** How long a job rests that nobody here knows: at first, and at most; in between as long as it has so far. */
const restMs = { first: 5_000, most: 600_000 };
/** For how long a job is left to others: a dozen looks in the first hour, then one every ten minutes. */
const mostMs = 3 * 24 * 3_600_000;
const unknown = "unknown";

/**
 * What becomes of a job that this release does not know. While one is rolled out, a worker of the one before
 * is handed jobs that came with it: it leaves them to the others, and none of their tries is lost. What nobody
 * has known for three days is given up and shown to operators, who have it run again once somebody does. What
 * else it had to wait for before counts for nothing.
 * @returns what the worker is to throw
 */
export function unknownJob(
  { name, putOff }: Pick<RunningJob, "name" | "putOff">,
  now: Date,
): Error {
  const sinceMs = putOff?.why === unknown ? now.getTime() - putOff.since.getTime() : 0;
  if (sinceMs >= mostMs) return new Unrecoverable(`no job is called ${name}`);
  const rest = Math.min(restMs.most, Math.max(restMs.first, sinceMs));
  return new Postpone(`no job is called ${name} here`, rest * (1 + Math.random() / 4), unknown);
}
