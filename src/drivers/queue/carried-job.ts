import type { KeptPutOff } from "./put-off.js";
import type { NewJob } from "./queue.js";

/** A job that was with the other driver before. */
export interface CarriedJob extends NewJob {
  /** Milliseconds: since when it has been due, if not from now on. */
  readonly dueSince?: number;
  /** Why its try is put off; absent where nothing was named. */
  readonly putOff?: KeptPutOff;
}
