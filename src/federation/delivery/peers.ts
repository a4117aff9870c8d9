import { LRUCache } from "lru-cache";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { peersCollection, type Peer } from "../records.js";

/** Failures in a row after which a host is left alone for a while. */
export const breakAfter = 5;

const shortestBreakMs = 60_000;
const longestBreakMs = 30 * 60_000;
/** When a host last answered or wrote is noted to the minute. */
const notedEveryMs = 60_000;
/** Longer than a request may take: when a probe dies with its process, another one follows. */
const probeMs = 60_000;

/** What is known of a host, or null. */
export async function peerOf(ctx: Ctx, host: string): Promise<Peer | null> {
  return ctx.collection(peersCollection).findOne({ host });
}

/** Milliseconds for which a host is to be left alone; 0 when it may be tried. */
export function restOf(peer: Peer | null, now: Date): number {
  const until = peer?.openUntil?.getTime() ?? 0;
  return Math.max(0, until - now.getTime());
}

/**
 * Whether a host may be tried now: 0, or the milliseconds to leave it alone for. After a rest one
 * delivery alone finds out how the host does; of many, in whatever process, the first to write is it.
 */
export async function turnAt(ctx: Ctx, peer: Peer | null): Promise<number> {
  const now = ctx.clock.now();
  const rest = restOf(peer, now);
  if (peer === null || peer.openUntil === null || rest > 0) return rest;
  const { host, openUntil } = peer;
  const probing = { openUntil: new Date(now.getTime() + probeMs) };
  const { matchedCount } = await ctx
    .collection(peersCollection)
    .updateOne({ host, openUntil }, { $set: probing });
  return matchedCount === 1 ? 0 : probeMs;
}

/** A host answered, be it with a refusal: it is up, and what waits for it may go on. */
export async function noteAnswered(ctx: Ctx, peer: Peer | null): Promise<void> {
  if (peer === null || (peer.openUntil === null && peer.failures === 0)) return;
  const well = { failures: 0, openUntil: null, lastError: null };
  await ctx.collection(peersCollection).updateOne({ host: peer.host }, { $set: well });
}

/**
 * A delivery worked: the host is well, and speaks this signature. Where `known`, what was read of it
 * before, says the same already, when it last worked is noted once a minute.
 */
export async function noteDelivered(
  ctx: Ctx,
  host: string,
  speaks: Peer["speaks"],
  known: Peer | null,
): Promise<void> {
  if (known !== null && isNoted(known, speaks, ctx.clock.now())) return;
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

function isNoted(known: Peer, speaks: Peer["speaks"], now: Date): boolean {
  const isWell = known.failures === 0 && known.openUntil === null && known.lastError === null;
  const noted = known.lastDeliveredAt?.getTime() ?? -Infinity;
  return isWell && known.speaks === speaks && now.getTime() - noted < notedEveryMs;
}

/**
 * A delivery failed for a reason that may pass. After five in a row the host rests: a minute, twice
 * as long after each further failure, half an hour at most; then one delivery tries it again. A host
 * that asks for a rest of its own (`Retry-After`, RFC 9110, 10.2.3) has it, for all that goes there.
 */
export async function noteFailed(
  ctx: Ctx,
  host: string,
  error: string,
  askedMs = 0,
): Promise<void> {
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
  const own = over < 0 ? 0 : Math.min(longestBreakMs, shortestBreakMs * 2 ** Math.min(over, 10));
  const rest = Math.max(own, askedMs);
  if (rest === 0) return;
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

/** Note when hosts were last heard: one write a minute for each, however much comes. */
export function createNoteReceived(): NoteReceived {
  const noted = new LRUCache<string, number>({ max: 20_000 });
  return async (ctx, host) => {
    const now = ctx.clock.now();
    const key = `${ctx.instance._id} ${host}`;
    if (now.getTime() - (noted.get(key) ?? -Infinity) < notedEveryMs) return;
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
