import { z } from "zod";
import { firstIdAt } from "../../drivers/clock.js";
import { defineJob, GiveUp, Postpone, RetryLater, type Ctx, type JobDef } from "../../kit/index.js";
import {
  activitiesCollection,
  followersCollection,
  followingCollection,
  peersCollection,
  type Activity,
  type Peer,
} from "../records.js";
import { attempt, type Hands } from "./attempt.js";
import type { HandOutTo } from "./fan-out.js";
import { peerOf } from "./peers.js";
import { dayMs, isUnavailable } from "./unavailable.js";
import type { Delivery } from "./waiting.js";

const payload = z.object({ host: z.string() });

/** Sends a host that is back what it has missed. */
export type SendOwed = JobDef<{ host: string }>;

/** What becomes of hosts that are unavailable. */
export interface Absences {
  readonly sendOwed: SendOwed;
  readonly jobs: readonly JobDef<never>[];
  /** Have those tried whose day has come, and those that are back sent what they missed. */
  sweep(ctx: Ctx): Promise<void>;
}

const hostsAtOnce = 100;
const activitiesAtOnce = 200;
/** What is older is no news any more, but for linked instances, which hold the same things as we do. */
const newsMs = 3 * dayMs;

/** Bind what tries hosts and hands out to them. */
export function createAbsences(hands: Hands, handOutTo: HandOutTo): Absences {
  const probe = defineJob({
    name: "federation.probe",
    queue: "delivery",
    payload,
    attempts: 1,
    run: (ctx, { host }) => tryOnce(hands, ctx, host),
  });
  const sendOwed: SendOwed = defineJob({
    name: "federation.send-owed",
    payload,
    run: (ctx, { host }) => sendMissed(handOutTo, ctx, host),
  });
  return {
    sendOwed,
    jobs: [probe, sendOwed] as unknown as readonly JobDef<never>[],
    async sweep(ctx) {
      const due = await ctx
        .collection(peersCollection)
        .find(
          { sweepAt: { $gt: new Date(0), $lte: ctx.clock.now() } },
          { sort: { sweepAt: 1 }, limit: hostsAtOnce },
        )
        .toArray();
      for (const { _id, host, unavailableSince = null } of due) {
        if (unavailableSince === null)
          await ctx.enqueue(sendOwed, { host }, { id: `send-owed/${_id}` });
        else await ctx.enqueue(probe, { host }, { id: `probe/${_id}` });
      }
    },
  };
}

/** One delivery to a host that is unavailable, once a day; when it is answered, the host is back. */
async function tryOnce(hands: Hands, ctx: Ctx, host: string): Promise<void> {
  const peer = await peerOf(ctx, host);
  if (peer === null || !isUnavailable(peer)) return;
  if (!(await takeDay(ctx, peer))) return;
  const delivery = await probeFor(hands, ctx, peer);
  if (delivery === null) return;
  try {
    await attempt(hands, ctx, delivery, { number: 1, isProbe: true });
  } catch (error) {
    const isTold = error instanceof RetryLater || error instanceof GiveUp;
    if (!isTold && !(error instanceof Postpone)) throw error;
  }
}

/** Of two who would try a host on one day, one does. */
async function takeDay(ctx: Ctx, { host, sweepAt = null }: Peer): Promise<boolean> {
  const now = ctx.clock.now();
  if (sweepAt === null || sweepAt > now) return false;
  const tomorrow = { sweepAt: new Date(now.getTime() + dayMs) };
  const { matchedCount } = await ctx
    .collection(peersCollection)
    .updateOne({ host, sweepAt }, { $set: tomorrow });
  return matchedCount === 1;
}

/** The delivery that failed last; when it is no news any more, the newest to somebody there. */
async function probeFor(hands: Hands, ctx: Ctx, peer: Peer): Promise<Delivery | null> {
  const rows = ctx.collection(activitiesCollection);
  const kept = peer.probe ?? null;
  const last = kept === null ? null : await rows.findOne({ _id: kept.activityId });
  if (last !== null && !(await hands.order.isSuperseded(ctx, last))) return kept;
  const { host } = peer;
  const follower = await ctx.collection(followersCollection).findOne({ host });
  if (follower === null) return null;
  const [newest] = await rows
    .find(
      { actorUri: follower.actorUri, listed: true },
      { sort: { _id: -1 }, limit: 1, projection: { _id: 1 } },
    )
    .toArray();
  return newest === undefined ? null : { activityId: newest._id, inbox: follower.target };
}

/**
 * Hand out to a host some of what was made since it began to fail: every Delete, everything of the last three
 * days, and to a linked instance all. What is superseded stops at its delivery. How far it got is kept, so
 * that the next run goes on there, also when this one dies.
 * @throws Postpone while there is more: when many hosts are back at once, others are let pass in between
 */
async function sendMissed(handOutTo: HandOutTo, ctx: Ctx, host: string): Promise<void> {
  const peers = ctx.collection(peersCollection);
  const peer = await peerOf(ctx, host);
  const owed = peer?.owed ?? null;
  if (owed === null) return;
  const missed = await nextMissed(ctx, host, owed);
  for (const activity of missed) await handOutTo(ctx, activity, host);
  const last = missed.at(-1);
  const isDone = last === undefined || missed.length < activitiesAtOnce;
  const left = isDone ? { owed: null, sweepAt: null } : { owed: last._id };
  await peers.updateOne({ host, owed, unavailableSince: null }, { $set: left });
  if (!isDone && !peer?.unavailableSince) throw new Postpone(`more is owed to ${host}`, 0);
}

/** The next of what it missed, the oldest first: as many removals as there are, and then the news. */
async function nextMissed(ctx: Ctx, host: string, owed: string): Promise<Missed[]> {
  const news = firstIdAt(new Date(ctx.clock.now().getTime() - newsMs));
  if (owed >= news || (await isLinked(ctx, host))) return madeIn(ctx, { _id: { $gt: owed } });
  const removals = await madeIn(ctx, { type: "Delete", _id: { $gt: owed, $lte: news } });
  const left = activitiesAtOnce - removals.length;
  return left === 0
    ? removals
    : [...removals, ...(await madeIn(ctx, { _id: { $gt: news } }, left))];
}

/** What is handed out of an activity. */
type Missed = Pick<Activity, "_id" | "uri" | "audience">;

function madeIn(
  ctx: Ctx,
  which: { readonly type?: string; readonly _id: { readonly $gt: string; readonly $lte?: string } },
  limit = activitiesAtOnce,
): Promise<Missed[]> {
  return ctx
    .collection(activitiesCollection)
    .find(which, { sort: { _id: 1 }, limit, projection: { _id: 1, uri: 1, audience: 1 } })
    .toArray();
}

async function isLinked(ctx: Ctx, host: string): Promise<boolean> {
  const asked = { host, state: "accepted" as const };
  if ((await ctx.collection(followingCollection).findOne(asked)) !== null) return true;
  return (await ctx.collection(followersCollection).findOne({ host, linked: true })) !== null;
}
