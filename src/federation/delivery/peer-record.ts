import { defineCollection } from "../../kit/index.js";

/** How a server elsewhere does; one row a host. Rows of before lack what is optional. */
export interface Peer {
  readonly _id: string;
  readonly host: string;
  /** The signature it understood last. */
  readonly speaks: "cavage" | "rfc9421" | null;
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly lastDeliveredAt: Date | null;
  readonly lastFailedAt: Date | null;
  readonly lastError: string | null;
  /** Deliveries that it refused in a row (4xx, for good), when it last did, and with which status. */
  readonly refusals: number;
  readonly lastRefusedAt?: Date | null;
  readonly lastRefusal?: number | null;
  /** When something verified last came from there, to the minute. */
  readonly lastReceivedAt?: Date | null;
  /** Days (UTC) with a failure since it last did well, the last of them, and the first failure. */
  readonly failingDays?: number;
  readonly failingDay?: string | null;
  readonly failingSince?: Date | null;
  /** Since when nothing but one try a day is sent there. */
  readonly unavailableSince?: Date | null;
  /** The delivery with which it is tried. */
  readonly probe?: { readonly activityId: string; readonly inbox: string } | null;
  /** It is back: activities with ids after this one are to be sent to it. */
  readonly owed?: string | null;
  /** When it is forgotten, unless something here refers to it. */
  readonly forgetAt: Date;
  /** When the sweep has something to do for it: a try, or what is owed. */
  readonly sweepAt?: Date | null;
}

export const peersCollection = defineCollection<Peer>("peers", [
  { keys: { host: 1 }, unique: true },
  { keys: { failures: -1, refusals: -1, _id: 1 } },
  { keys: { forgetAt: 1 } },
  { keys: { sweepAt: 1 }, partialFilterExpression: { sweepAt: { $gt: new Date(0) } } },
]);
