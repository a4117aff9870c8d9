import { LRUCache } from "lru-cache";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { peersCollection, type Peer } from "../records.js";

/** Failures in a row after which a host is left alone for a while. */
export const breakAfter = 5;

const shortestBreakMs = 60_000;
const longestBreakMs = 30 * 60_000;

/** What is known of a host, or null. */
export async function peerOf(ctx: Ctx, host: string): Promise<Peer | null> {
  return ctx.collection(peersCollection).findOne({ host });
}

/** Milliseconds for which a host is to be left alone; 0 when it may be tried. */
export function restOf(peer: Peer | null, now: Date): number {
  const until = peer?.openUntil?.getTime() ?? 0;
  return Math.max(0, until - now.getTime());
}

/** A delivery worked: the host is well, and speaks this signature. */
export async function noteDelivered(ctx: Ctx, host: string, speaks: Peer["speaks"]): Promise<void> {
  await ctx.collection(peersCollection).updateOne(
    { host },
    {
      $set: {
        speaks,
        failures: 0,
        openUntil: null,
        lastDeliveredAt: ctx.clock.now(),
        lastError: null,
      },
      $setOnInsert: { _id: ctx.ids.next(), lastFailedAt: null, lastReceivedAt: null },
    },
    { upsert: true },
  );
}

/**
 * A delivery failed for a reason that may pass. After five in a row the host rests: a minute, twice
 * as long after each further failure, half an hour at most; then one delivery tries it again.
 */
export async function noteFailed(ctx: Ctx, host: string, error: string): Promise<void> {
  const now = ctx.clock.now();
  const peer = await ctx.collection(peersCollection).findOneAndUpdate(
    { host },
    {
      $inc: { failures: 1 },
      $set: { lastFailedAt: now, lastError: error.slice(0, 200) },
      $setOnInsert: {
        ...{ _id: ctx.ids.next(), speaks: null, openUntil: null },
        ...{ lastDeliveredAt: null, lastReceivedAt: null },
      },
    },
    { upsert: true, returnDocument: "after" },
  );
  const over = (peer?.failures ?? 0) - breakAfter;
  if (over < 0) return;
  const rest = Math.min(longestBreakMs, shortestBreakMs * 2 ** Math.min(over, 10));
  const openUntil = new Date(now.getTime() + rest);
  await ctx.collection(peersCollection).updateOne({ host }, { $set: { openUntil } });
}

/** Let a host be tried again at once; what went wrong before stays told until something works. */
export async function endRest(ctx: Ctx, host: string): Promise<void> {
  await ctx.collection(peersCollection).updateOne({ host }, { $set: { openUntil: null } });
}

/** Have a row for a host that nothing was heard of yet. */
export async function ensurePeer(ctx: Ctx, host: string): Promise<void> {
  await writePeer(ctx, host, null);
}

/** Notes that something verified came from a host. */
export type NoteReceived = (ctx: Ctx, host: string) => Promise<void>;

const receivedEveryMs = 60_000;

/** Note when hosts were last heard: one write a minute for each, however much comes. */
export function createNoteReceived(): NoteReceived {
  const noted = new LRUCache<string, number>({ max: 20_000 });
  return async (ctx, host) => {
    const now = ctx.clock.now();
    const key = `${ctx.instance._id} ${host}`;
    if (now.getTime() - (noted.get(key) ?? -Infinity) < receivedEveryMs) return;
    noted.set(key, now.getTime());
    await writePeer(ctx, host, now);
  };
}

/** Two processes may meet a host for the first time at once: the second then has nothing to add. */
async function writePeer(ctx: Ctx, host: string, lastReceivedAt: Date | null): Promise<void> {
  const rows = ctx.collection(peersCollection);
  const heard = lastReceivedAt === null ? {} : { lastReceivedAt };
  const known = await rows.updateOne({ host }, { $set: { host, ...heard } });
  if (known.matchedCount > 0) return;
  await insertOnce(() =>
    rows.insertOne({
      ...{ _id: ctx.ids.next(), host, speaks: null, failures: 0, openUntil: null },
      ...{ lastDeliveredAt: null, lastFailedAt: null, lastError: null, lastReceivedAt },
    }),
  );
}
