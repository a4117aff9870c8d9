import type { Job } from "bullmq";
import type { JobData } from "./bullmq-shelves.js";

/**
 * Tries of a job that were begun and count. What BullMQ counts as made are runs alone whose end could not be
 * put down, since Redis took nothing at that moment: none of them is held against the job.
 */
export function triesOf({
  data,
  attemptsStarted,
  attemptsMade,
}: Pick<Job<JobData>, "data" | "attemptsStarted" | "attemptsMade">): number {
  // Never less than none: a run that was taken off twice, its end half put down, is one more try.
  return Math.max(0, (data.before ?? 0) + attemptsStarted - attemptsMade - data.postponed);
}
