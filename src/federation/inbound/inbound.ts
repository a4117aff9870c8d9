import type { FetchBudget } from "../../drivers/fetch.js";
import type { Ctx, JobDef } from "../../kit/index.js";
import type { Carry } from "../moves/carry.js";
import type { Send } from "../outbound/send.js";
import type { Normal } from "../port.js";
import type { RevokeQuotes } from "../quotes/revoke.js";
import type { InboxEntry } from "../records.js";
import type { Services } from "../services.js";

/** A verified activity on its way to a use case. */
export interface Inbound {
  readonly services: Services;
  readonly send: Send;
  readonly catchUp: CatchUp;
  readonly revokeQuotes: RevokeQuotes;
  readonly carry: Carry;
  readonly ctx: Ctx;
  readonly entry: InboxEntry;
  /** The actor whose signature was verified. */
  readonly actor: string;
  readonly activity: Normal;
  /** At most twenty fetches for one activity (requirement 14). */
  readonly budget: FetchBudget;
}

/** Reads what a newly linked instance has published before. */
export type CatchUp = JobDef<{ actorUri: string }>;

/** What became of an activity, in a word or two, for the administrator. */
export type Outcome = string;

/** Acts on one type of activity. It may run twice. */
export type Handle = (inbound: Inbound) => Promise<Outcome>;
