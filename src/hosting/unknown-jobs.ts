import { Postpone, Unrecoverable, type RunningJob } from "../drivers/queue/queue.js";

/** How long a job rests that nobody here knows: at first, and at most; twice as long each time. */
const restMs = { first: 5_000, most: 600_000 };

/** A dozen looks in the first hour, then one every ten minutes for three days. */
const mostLooks = 440;

/**
 * What becomes of a job that this release does not know. While one is rolled out, a worker of the one before
 * is handed jobs that came with it: it leaves them to the others, and none of their tries is lost. What nobody
 * has known for three days is given up and shown to operators, who have it run again once somebody does.
 * @returns what the worker is to throw
 */
export function unknownJob({ name, postponed = 0 }: Pick<RunningJob, "name" | "postponed">): Error {
  if (postponed >= mostLooks) return new Unrecoverable(`no job is called ${name}`);
  const rest = Math.min(restMs.most, restMs.first * 2 ** Math.min(postponed, 10));
  return new Postpone(`no job is called ${name} here`, rest * (1 + Math.random() / 4));
}
