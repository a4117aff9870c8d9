import { firstIdAt, utcDayOf } from "../../drivers/clock.js";
import type { Ctx } from "../../kit/index.js";
import { peersCollection, type Peer } from "../records.js";
import type { Delivery } from "./waiting.js";

/** Days with failures, and no delivery in between, after which a host is unavailable (Mastodon's rule). */
export const daysUntilUnavailable = 7;

export const dayMs = 24 * 3_600_000;
/** What was handed out shortly before the first failure may not have arrived either. */
const marginMs = 3_600_000;

/**
 * Count the day of a failure, once: days are counted, not failures. After the seventh the host is
 * unavailable. `peer` is as it is after the failure.
 */
export async function countDay(ctx: Ctx, peer: Peer, { activityId, inbox }: Delivery) {
  const now = ctx.clock.now();
  const day = utcDayOf(now);
  if (peer.failingDay === day) return;
  const { host } = peer;
  const rows = ctx.collection(peersCollection);
  const first = (peer.failingDays ?? 0) === 0 ? { failingSince: now } : {};
  const counted = await rows.findOneAndUpdate(
    { host, failingDay: { $ne: day } },
    { $inc: { failingDays: 1 }, $set: { failingDay: day, ...first } },
    { returnDocument: "after" },
  );
  if (counted === null || (counted.failingDays ?? 0) < daysUntilUnavailable) return;
  const sweepAt = new Date(now.getTime() + dayMs);
  const gone = { unavailableSince: now, probe: { activityId, inbox }, sweepAt };
  await rows.updateOne({ host, unavailableSince: null }, { $set: gone });
}

/** The fields of a host that is well again; of one that was unavailable, with what it is owed. */
export function wellAgain(ctx: Ctx, peer: Peer | null): Partial<Peer> {
  const well = {
    ...{ failures: 0, openUntil: null, lastError: null },
    ...{ failingDays: 0, failingDay: null, failingSince: null },
  };
  if (peer === null || !isUnavailable(peer)) return well;
  const since = peer.failingSince ?? peer.unavailableSince ?? ctx.clock.now();
  const owed = peer.owed ?? firstIdAt(new Date(since.getTime() - marginMs));
  return { ...well, unavailableSince: null, probe: null, owed, sweepAt: ctx.clock.now() };
}

/** Whether a host gets nothing but one try a day. */
export function isUnavailable(peer: Peer | null): boolean {
  return (peer?.unavailableSince ?? null) !== null;
}
