import type { NewJob } from "./queue.js";

const MAX_ID = 500;
const MAX_DATA = 262_144;
const NAME = /^[a-z][a-z0-9.-]*$/;

/** Throws when a queue's name is not made of small letters, digits, dots and hyphens. */
export function checkQueueName(queue: string): void {
  if (!NAME.test(queue)) throw new TypeError(`not a queue's name: "${queue}"`);
}

/**
 * Throws on a job that one of the drivers could not keep: an id with `:`, a bare integer or over
 * 500 characters, no try at all, data over 256 KiB. Returns its data as JSON.
 */
export function checkedData(job: NewJob): string {
  checkQueueName(job.queue);
  if (job.id === "" || job.id.length > MAX_ID || job.id.includes(":") || /^\d+$/.test(job.id)) {
    throw new TypeError(`not a job's id: "${job.id.slice(0, MAX_ID)}"`);
  }
  if (!Number.isInteger(job.attempts) || job.attempts < 1) {
    throw new TypeError(`a job needs at least one try: "${job.id}"`);
  }
  const data = JSON.stringify(job.data ?? null);
  if (data.length > MAX_DATA) throw new TypeError(`the data of a job is too large: "${job.id}"`);
  return data;
}
