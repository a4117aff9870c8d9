import { LRUCache } from "lru-cache";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { peersCollection, type Peer } from "../records.js";
import { staleAt } from "../stale.js";
import { countDay, wellAgain } from "./unavailable.js";
import type { Delivery } from "./waiting.js";

/** Failures in a row after which a host is left alone for a while. */
export const breakAfter = 5;

const shortestBreakMs = 60_000;
const longestBreakMs = 30 * 60_000;
/** Longer than a request may take: when a probe dies with its process, another one follows. */
const probeMs = 60_000;
/** A host that does well is written down so often. */
const everyMs = 60_000;

/** What is known of a host, or null. */
export async function peerOf(ctx: Ctx, host: string): Promise<Peer | null> {
  return ctx.collection(peersCollection).findOne({ host });
}

/** What is known of some hosts, by host; one read. */
export async function peersAmong(
  ctx: Ctx,
  hosts: readonly string[],
): Promise<ReadonlyMap<string, Peer>> {
  const rows = await ctx
    .collection(peersCollection)
    .find({ host: { $in: [...hosts] } }, { limit: hosts.length })
    .toArray();
  return new Map(rows.map((peer) => [peer.host, peer]));
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

/**
 * A host refused a delivery for good: it is up, and what waits for it may go on; that it refuses is
 * told until it takes something.
 */
export async function noteRefused(
  ctx: Ctx,
  host: string,
  { status, peer }: { readonly status: number; readonly peer: Peer | null },
): Promise<void> {
  const now = ctx.clock.now();
  const refusal = { lastRefusedAt: now, lastRefusal: status, forgetAt: staleAt(now) };
  const known = { lastDeliveredAt: null, lastFailedAt: null, lastReceivedAt: null };
  await ctx.collection(peersCollection).updateOne(
    { host },
    {
      $inc: { refusals: 1 },
      $set: { ...wellAgain(ctx, peer), ...refusal },
      $setOnInsert: { _id: ctx.ids.next(), speaks: null, ...known },
    },
    { upsert: true },
  );
}

/** Nothing failed or was refused since it last did well, and it neither rests nor is unavailable. */
export function isWell({ failures, refusals, openUntil, ...peer }: Peer): boolean {
  const { failingDays = 0, unavailableSince = null } = peer;
  const tries = failures === 0 && refusals === 0 && openUntil === null;
  return tries && failingDays === 0 && unavailableSince === null;
}

/**
 * A delivery worked: the host is well, and speaks this signature. `peer` is what was known of it
 * before; what was written less than a minute ago and still holds is not written again.
 * @returns whether it was written
 */
export async function noteDelivered(
  ctx: Ctx,
  host: string,
  { speaks, peer }: { readonly speaks: Peer["speaks"]; readonly peer: Peer | null },
): Promise<boolean> {
  const now = ctx.clock.now();
  const last = peer?.lastDeliveredAt?.getTime() ?? -Infinity;
  const isNews = now.getTime() - last >= everyMs;
  if (peer !== null && isWell(peer) && peer.speaks === speaks && !isNews) return false;
  const taken = { refusals: 0, speaks, lastDeliveredAt: now, forgetAt: staleAt(now) };
  await ctx.collection(peersCollection).updateOne(
    { host },
    {
      $set: { ...wellAgain(ctx, peer), ...taken },
      $setOnInsert: { _id: ctx.ids.next(), lastFailedAt: null, lastReceivedAt: null },
    },
    { upsert: true },
  );
  return true;
}

/** A delivery that failed, why, and how long the host asks to be left alone. */
interface Failed extends Delivery {
  readonly host: string;
  readonly error: string;
  readonly askedMs?: number;
  /** It says nothing of the host as a whole: another actor's may be taken on the same day. */
  readonly isOfActor?: boolean;
}

/**
 * A delivery failed for a reason that may pass. After five in a row the host rests: a minute, twice
 * as long after each further failure, half an hour at most; then one delivery tries it again. A host
 * that asks for a rest of its own (`Retry-After`, RFC 9110, 10.2.3) has it, for all that goes there.
 */
export async function noteFailed(ctx: Ctx, failed: Failed): Promise<void> {
  const { host, error, askedMs = 0 } = failed;
  const now = ctx.clock.now();
  const rows = ctx.collection(peersCollection);
  const peer = await rows.findOneAndUpdate(
    { host },
    {
      $inc: { failures: 1 },
      $set: { lastFailedAt: now, lastError: error.slice(0, 200), forgetAt: staleAt(now) },
      $setOnInsert: {
        ...{ _id: ctx.ids.next(), speaks: null, openUntil: null, refusals: 0 },
        ...{ lastDeliveredAt: null, lastReceivedAt: null },
      },
    },
    { upsert: true, returnDocument: "after" },
  );
  if (peer === null) return;
  if (failed.isOfActor !== true) await countDay(ctx, peer, failed);
  const over = peer.failures - breakAfter;
  const own = over < 0 ? 0 : Math.min(longestBreakMs, shortestBreakMs * 2 ** Math.min(over, 10));
  const rest = Math.max(own, askedMs);
  if (rest === 0) return;
  const openUntil = new Date(now.getTime() + rest);
  await rows.updateOne({ host }, { $set: { openUntil } });
}

/**
 * Let a host be tried again at once, and count its days anew; what went wrong before stays told until
 * something works. Tells whether something is owed to it.
 */
export async function endRest(ctx: Ctx, host: string): Promise<{ readonly owed: boolean }> {
  const peer = await peerOf(ctx, host);
  if (peer === null) return { owed: false };
  const { failures, lastError } = peer;
  const again = { ...wellAgain(ctx, peer), failures, lastError };
  await ctx.collection(peersCollection).updateOne({ host }, { $set: again });
  return { owed: ((again as Partial<Peer>).owed ?? peer.owed ?? null) !== null };
}

/** Have a row for a host that nothing was heard of yet. */
export async function ensurePeer(ctx: Ctx, host: string): Promise<void> {
  await writePeer(ctx, host, null);
}

/** Notes that something verified came from a host. */
export type NoteReceived = (ctx: Ctx, host: string) => Promise<void>;

/**
 * Note when hosts were last heard: one write a minute for each, however much comes. Who is heard is
 * there, so that its failing days are counted anew, and what it missed is sent.
 */
export function createNoteReceived(): NoteReceived {
  const noted = new LRUCache<string, number>({ max: 20_000 });
  return async (ctx, host) => {
    const now = ctx.clock.now();
    const key = `${ctx.instance._id} ${host}`;
    if (now.getTime() - (noted.get(key) ?? -Infinity) < everyMs) return;
    noted.set(key, now.getTime());
    const peer = await writePeer(ctx, host, now);
    if (peer === null || (peer.failingDays ?? 0) === 0) return;
    const { failures, lastError, openUntil, unavailableSince = null } = peer;
    const rest = unavailableSince === null ? { openUntil } : {};
    const back = { ...wellAgain(ctx, peer), failures, lastError, ...rest };
    await ctx.collection(peersCollection).updateOne({ host }, { $set: back });
  };
}

/** Two processes may meet a host for the first time at once: the second then has nothing to add. */
async function writePeer(
  ctx: Ctx,
  host: string,
  lastReceivedAt: Date | null,
): Promise<Peer | null> {
  const rows = ctx.collection(peersCollection);
  const heard = lastReceivedAt === null ? {} : { lastReceivedAt };
  const forgetAt = staleAt(ctx.clock.now());
  const change = { $set: { host, forgetAt, ...heard } };
  const known = await rows.findOneAndUpdate({ host }, change, { returnDocument: "after" });
  if (known !== null) return known;
  await insertOnce(() =>
    rows.insertOne({
      ...{ _id: ctx.ids.next(), host, speaks: null, failures: 0, refusals: 0, openUntil: null },
      ...{ lastDeliveredAt: null, lastFailedAt: null, lastError: null, lastReceivedAt, forgetAt },
    }),
  );
  return null;
}
