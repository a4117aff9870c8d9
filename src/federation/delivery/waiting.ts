import { createHash } from "node:crypto";
import { insertOnce, type Ctx, type JobDef } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { waitingCollection } from "../records.js";
import { endRest } from "./peers.js";

/** One activity to one inbox. */
export interface Delivery {
  readonly activityId: string;
  readonly inbox: string;
}

/** Longer than any delivery is tried. */
const keptMs = 14 * 24 * 3_600_000;
/** Rows counted, and deliveries tried again, at once. */
export const mostWaiting = 500;

function rowId({ activityId, inbox }: Delivery): string {
  const hash = createHash("sha256").update(inbox).digest("hex").slice(0, 24);
  return `${activityId}/${hash}`;
}

/** The id of the job that delivers. */
export function deliveryId(delivery: Delivery): string {
  return `deliver/${rowId(delivery)}`;
}

/** The id of an administrator's own try of it. */
export function againId(delivery: Delivery): string {
  return `again/${rowId(delivery)}`;
}

/** List a delivery as waiting; told again, it waits since the first time. */
export async function noteWaiting(ctx: Ctx, delivery: Delivery): Promise<void> {
  const rows = ctx.collection(waitingCollection);
  const _id = rowId(delivery);
  if ((await rows.findOne({ _id })) !== null) return;
  const { activityId, inbox } = delivery;
  const since = ctx.clock.now();
  const expiresAt = new Date(since.getTime() + keptMs);
  const host = hostOf(inbox) ?? "";
  await insertOnce(() =>
    rows.insertOne({ _id, host, activityId, inbox, sent: false, since, expiresAt }),
  );
}

/** The delivery went through, or never will. */
export async function forgetWaiting(ctx: Ctx, delivery: Delivery): Promise<void> {
  await ctx.collection(waitingCollection).deleteOne({ _id: rowId(delivery) });
}

/** An administrator's try went through, while the delivery's own job still waits. */
export async function markSent(ctx: Ctx, delivery: Delivery): Promise<void> {
  await ctx
    .collection(waitingCollection)
    .updateOne({ _id: rowId(delivery) }, { $set: { sent: true } });
}

/** Whether it went through meanwhile. */
export async function wasSent(ctx: Ctx, delivery: Delivery): Promise<boolean> {
  const row = await ctx.collection(waitingCollection).findOne({ _id: rowId(delivery) });
  return row?.sent === true;
}

/** How many deliveries wait for a host; counted up to `mostWaiting`. */
export function countWaiting(ctx: Ctx, host: string): Promise<number> {
  return ctx
    .collection(waitingCollection)
    .countDocuments({ host, sent: false }, { limit: mostWaiting });
}

/** The jobs of an administrator who has a host tried again. */
interface Trying {
  readonly deliverAgain: JobDef<Delivery>;
  readonly sendOwed: JobDef<{ host: string }>;
}

/**
 * End a host's rest, or have it be available again, and try what waits for it now, the oldest first.
 * @returns how many are tried; 0 when nothing is owed to it, either
 */
export async function tryNow(
  ctx: Ctx,
  { deliverAgain, sendOwed }: Trying,
  host: string,
): Promise<number> {
  const { owed } = await endRest(ctx, host);
  if (owed) await ctx.enqueue(sendOwed, { host });
  const waiting = await ctx
    .collection(waitingCollection)
    .find({ host, sent: false }, { sort: { since: 1 }, limit: mostWaiting })
    .toArray();
  const items = waiting.map(({ activityId, inbox }) => ({
    payload: { activityId, inbox },
    options: { id: againId({ activityId, inbox }) },
  }));
  if (items.length > 0) await ctx.enqueueAll(deliverAgain, items);
  return items.length + (owed ? 1 : 0);
}
