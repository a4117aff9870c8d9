import type { Logger } from "pino";
import { failureText, shownReason } from "../drivers/queue/failure-text.js";
import { Postpone, Unrecoverable, type RunningJob } from "../drivers/queue/queue.js";
import { isStoreUnavailable } from "../drivers/store/unavailable.js";
import type { Instance } from "../kit/instance.js";
import { loggedOfJob } from "./outbox.js";

/** How one run of a job ended; `job` is a declared name. */
export interface JobEnding {
  readonly queue: string;
  readonly job: string;
  readonly outcome: "done" | "retried" | "postponed" | "given-up";
  readonly ms: number;
}

/** What became of one run, and the log that says whose work it was. */
export type Run =
  | { readonly log: Logger; readonly outcome: "done" | "postponed" }
  | { readonly log: Logger; readonly failure: unknown };

/** Who is told of endings, and the log for those that are nobody's in particular. */
interface Observers {
  readonly log: Logger;
  readonly ended?: (ending: JobEnding) => void;
}

/**
 * The log of a job: names it, its instance, with its host where that is known, and the request that it comes
 * of, so that what went wrong leads back to who asked for it.
 */
export function logOf(log: Logger, { id, data }: RunningJob, instance?: Instance): Logger {
  return log.child({
    ...(instance === undefined ? {} : { instance: instance.host }),
    ...{ job: id, ...loggedOfJob(data) },
  });
}

/** Do the work of a run; what it throws is how it ended. */
export async function ended(
  log: Logger,
  work: () => Promise<void>,
  outcome: "done" | "postponed" = "done",
): Promise<Run> {
  try {
    await work();
    return { log, outcome };
  } catch (cause) {
    return failed(log, cause);
  }
}

function failed(log: Logger, cause: unknown): Run {
  return { log, failure: blameless(cause) };
}

/**
 * Tells how each run ended, under the name of a job that there is: in the log, with reasons that name
 * nobody, and to who counts. What is given up is an error; a failure that is tried again, as a server
 * that is away makes many, is none.
 * @returns what a queue runs: it throws as the run did
 */
export function observed(
  { log, ended: count = () => undefined }: Observers,
  isKnown: (name: string) => boolean,
  run: (running: RunningJob) => Promise<Run>,
): (running: RunningJob) => Promise<void> {
  return async (running) => {
    const began = performance.now();
    const { queue, name, attempt, attempts: of } = running;
    const end = await run(running).catch((cause: unknown) => failed(logOf(log, running), cause));
    const tell = (outcome: JobEnding["outcome"], why = {}): void => {
      const ms = performance.now() - began;
      count({ queue, job: isKnown(name) ? name : "(unknown)", outcome, ms });
      const [level, text] = lines[outcome];
      end.log[level]({ queue, name, attempt, of, ...why }, text);
    };
    if (!("failure" in end)) return tell(end.outcome);
    const error = shownReason(failureText(end.failure));
    tell(outcomeOf(end.failure, running), { error });
    throw end.failure;
  };
}

const lines = {
  done: ["debug", "job done"],
  postponed: ["debug", "job postponed"],
  retried: ["info", "job failed, and is tried again"],
  "given-up": ["error", "job given up"],
} as const satisfies Record<JobEnding["outcome"], readonly [string, string]>;

function outcomeOf(error: unknown, { attempt, attempts }: RunningJob): JobEnding["outcome"] {
  if (error instanceof Postpone) return "postponed";
  return error instanceof Unrecoverable || attempt >= attempts ? "given-up" : "retried";
}

/** How long a job rests that found no store, and at most how much longer, so that not all come at once. */
const storeRestMs = 5_000;

/** A store that does not answer costs no job a try: however long it is away, nothing is given up. */
function blameless(failure: unknown): unknown {
  if (!isStoreUnavailable(failure)) return failure;
  return new Postpone("the store does not answer", storeRestMs * (1 + Math.random()));
}
