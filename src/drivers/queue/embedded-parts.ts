import type { Clock, Ids } from "../clock.js";
import type { Dead } from "./dead.js";
import type { TellLost } from "./lost.js";
import type { JobRow, QueueTables } from "./queue-tables.js";

/** What the queue is made of; `owner` names this queue object, `leaseMs` how long a claim holds. */
export interface QueueParts {
  readonly tables: QueueTables;
  readonly dead: Dead;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly owner: string;
  readonly leaseMs: number;
  readonly tellLost: TellLost;
}

/** The present, in milliseconds. */
export function timeOf(parts: Pick<QueueParts, "clock">): number {
  return parts.clock.now().getTime();
}

/** Matches those of `rows` whose claim nobody has taken over. */
export function stillClaimed(rows: readonly JobRow[]) {
  const claims = [...new Set(rows.map((row) => row.claim))];
  return { _id: { $in: rows.map((row) => row._id) }, claim: { $in: claims } };
}

/** The fields of a job that is due, and lets pass what falls due before `at`. */
export function patientUntil(at: number) {
  return { state: "patient" as const, at, owner: null, claim: null };
}

/** The fields of a job that waits for `at`. */
export function waitingFrom(at: number) {
  return { state: "waiting" as const, at, owner: null, claim: null };
}
