import type { QueueLog } from "./embedded-lane.js";
import type { NewJob } from "./queue.js";

/** By what a job failed whose process stopped in its last try. */
export const lost = "the process stopped while it ran this job";

/** Says what of a job's data the log may hold: ids alone. */
export type LoggedOf = (data: unknown) => Readonly<Record<string, string>>;

/** A job whose process stopped in its last try, with how many it had. */
type Lost = Pick<NewJob, "queue" | "id" | "name" | "data"> & { readonly tries: number };

/** Tells of a lost job that it was given up: who runs jobs tells of the others. */
export type TellLost = (job: Lost) => void;

/** Tells of lost jobs in a log. */
export function createTellLost(log: QueueLog, loggedOf: LoggedOf): TellLost {
  return ({ queue, id, name, data, tries }) => {
    const about = { queue, name, job: id, attempt: tries, of: tries, error: lost };
    log.error({ ...about, ...loggedOf(data) }, "job given up");
  };
}
