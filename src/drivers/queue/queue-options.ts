import { defaultLeaseMs } from "./bounds.js";
import type { Clock } from "../clock.js";
import type { Store } from "../store/collection.js";
import type { QueueLog } from "./embedded-lane.js";
import { createTellLost, type LoggedOf } from "./lost.js";
import type { OwnerOf } from "./queue.js";

/** What either queue is given. */
export interface QueueOptions {
  /** Where the calendar and the dead are kept; of the embedded queue all jobs, of BullMQ what Redis could not take. */
  readonly store: Store;
  /** Says when jobs are due; BullMQ begins them by the machine's own. */
  readonly clock: Clock;
  /** Failures, and jobs given up that no worker can tell of; silent when absent. */
  readonly log?: QueueLog;
  /** How often to look into the calendar and at what others left to us; 1 s. */
  readonly pollMs?: number;
  /** How long a silent process keeps its jobs; 10 s, renewed twice as often or more. */
  readonly leaseMs?: number;
  /** Where the jitter comes from: 0 to 1. */
  readonly random?: () => number;
  /** Tells the dead apart by whose work they were; nobody's when absent. */
  readonly ownerOf?: OwnerOf;
  /** What is logged of a job that was lost, beside its name and id; nothing when absent. */
  readonly loggedOf?: LoggedOf;
}

const silent: QueueLog = { warn: () => undefined, error: () => undefined };

/** The options with what is taken where they say nothing. */
export function withDefaults<T extends QueueOptions>(options: T) {
  const { log = silent, pollMs = 1_000, leaseMs = defaultLeaseMs, random = Math.random } = options;
  const tellLost = createTellLost(log, options.loggedOf ?? (() => ({})));
  return { ...options, log, pollMs, leaseMs, random, tellLost };
}
