import type { Queue, RunningJob, Schedule } from "../drivers/queue/queue.js";
import type { Feature } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import type { ScheduleDef } from "../kit/work.js";
import type { Instances } from "./instances.js";
import { jobFor } from "./outbox.js";

/** A line of the calendar, and what its jobs do, once for the deployment. */
export interface CalendarLine {
  readonly entry: Schedule;
  run(running: RunningJob): Promise<void>;
}

interface Parts {
  readonly queue: Pick<Queue, "add">;
  readonly instances: Pick<Instances, "list">;
}

/** The lines of features, of which each becomes a job for every instance that it is for. */
export function calendarOf(parts: Parts, features: readonly Feature[]): CalendarLine[] {
  return features
    .flatMap(({ schedules }) => schedules)
    .map((def) => ({ entry: entryOf(def), run: (running) => fanOut(parts, def, running) }));
}

/** Under which name the queue keeps the jobs of a line. */
export function calendarName(key: string): string {
  return `calendar/${key}`;
}

/** So that the many of one calendar job hold up nobody's few. */
const calendarYieldsMs = 30_000;

/** One calendar job becomes one job for each instance that it is for; they are read a few at a time. */
async function fanOut(parts: Parts, schedule: ScheduleDef, running: RunningJob): Promise<void> {
  let batch: Instance[] = [];
  const { job, yieldsMs = calendarYieldsMs } = schedule;
  const flush = async (): Promise<void> => {
    await parts.queue.add(
      batch.map(({ _id }) =>
        jobFor(job, { instanceId: _id, payload: {} }, { id: `${running.id}/${_id}`, yieldsMs }),
      ),
    );
    batch = [];
  };
  const isFor = schedule.isFor ?? (({ state }: Instance): boolean => state === "active");
  for await (const instance of parts.instances.list()) {
    if (isFor(instance)) batch.push(instance);
    if (batch.length >= 500) await flush();
  }
  await flush();
}

function entryOf({ key, cron, job }: ScheduleDef): Schedule {
  const { queue, attempts, backoff } = job;
  const name = calendarName(key);
  return { key, cron, timezone: "UTC", job: { queue, name, data: {}, attempts, backoff } };
}
