import { z } from "zod";
import type { NewJob, Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import { listening } from "../kit/work.js";
import { calendarName, type CalendarLine } from "./calendar-jobs.js";
import type { Instances } from "./instances.js";
import { parkedJobs, type ParkedJob } from "./parked-jobs.js";
import type { Parking } from "./parking.js";

/** Sees to it that what is parked has the job that brings it back, however that was lost. */
export interface ParkedSweep {
  /** The line of the calendar that begins one; a job of it goes on from where its data says. */
  readonly line: CalendarLine;
  /** Looks through the first few at once, as when a worker starts. */
  begin(): Promise<void>;
}

/** What the sweep works with. */
export interface ParkedSweepParts {
  readonly store: Store;
  readonly queue: Pick<Queue, "add">;
  readonly instances: Pick<Instances, "byId">;
  readonly parking: Pick<Parking, "releaseOf">;
}

/** Instances of one job; each costs a step in an index, however much is parked for it. */
const slice = 200;
const key = "hosting-parked";
const kind = listening(calendarName(key));
const place = z.object({ after: z.string().catch("") });

/**
 * Opens the sweep. The job that brings the jobs of an instance back is in the queue, which may lose it: a
 * Redis that loses its data, a backup that was made beside it, an operator who drops it when it died. Parked
 * rows are in the store, so that they say who needs one. It has the id that parking gives it: one that is
 * there stays the only one, and one that is dead hinders none.
 */
export function createParkedSweep({
  store,
  queue,
  instances,
  parking,
}: ParkedSweepParts): ParkedSweep {
  const rows = store.collection<ParkedJob>(parkedJobs.name);

  /** The next instance in the index for which something is parked, or null. */
  async function nextAfter(last: string): Promise<string | null> {
    const options = { sort: { instanceId: 1, _id: 1 }, projection: { instanceId: 1 } } as const;
    return (await rows.findOne({ instanceId: { $gt: last } }, options))?.instanceId ?? null;
  }

  async function sweepFrom(after: string): Promise<void> {
    const jobs: NewJob[] = [];
    let last = after;
    for (let seen = 0; seen < slice; seen += 1) {
      const next = await nextAfter(last);
      if (next === null) return queue.add(jobs);
      last = next;
      const instance = await instances.byId(next);
      if (instance !== null && instance.state !== "gone") jobs.push(parking.releaseOf(instance));
    }
    await queue.add([...jobs, { ...kind, id: `${key}/after/${last}`, data: { after: last } }]);
  }

  return {
    line: {
      entry: { key, cron: "*/10 * * * *", timezone: "UTC", job: { ...kind, data: {} } },
      run: ({ data }) => sweepFrom(place.parse(data).after),
    },
    begin: () => sweepFrom(""),
  };
}
