import type { NewJob } from "./queue.js";

/** A job that was with the other driver before, with what it has been through there. */
export interface CarriedJob extends NewJob {
  /** Tries that were begun; absent when none was. */
  readonly tries?: number;
  /** Runs that were begun and did not count; absent when none did. */
  readonly postponed?: number;
  /** Milliseconds: since when it has been due, if not from now on. */
  readonly dueSince?: number;
}
