import { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import { HostileDocument } from "../inbox/guard.js";
import { followersCollection, type Follower } from "../records.js";
import { NotAnActor, remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";

const hourMs = 3_600_000;
/** When who was missing is looked for again: at another hour than that at which a server is restarted each day. */
const secondLookMs = 30 * hourMs;
/** Failed deliveries have a follower looked for so often: not before the second look has come. */
const betweenLooksMs = 48 * hourMs;
/** Followers that one failed delivery has looked for. */
const atOnce = 5;

/** An inbox that is not there, and whether its server says that for good (410). */
export interface MissingInbox {
  readonly inbox: string;
  readonly isGone: boolean;
}

const payload = z.object({ followerId: z.string(), lookedForAt: z.number() });

/** Looks a second time for a follower who was missing, as of the first look. */
export type LookAgain = JobDef<z.infer<typeof payload>>;

/** What looking for followers is done with. */
export interface Searching {
  readonly services: Services;
  readonly lookAgain: LookAgain;
}

/** Whom a look has found: somebody with an inbox, nobody for good, nobody for now, or nothing to go by. */
type Sight =
  | { readonly kind: "there"; readonly target: string }
  | { readonly kind: "gone" | "missing" | "unknown" };

/**
 * An inbox is not there: ask its followers' own documents where they are, first of those who were not
 * looked for the longest. Who is dropped never hears of it, and believes that they follow: so only those
 * are who are gone for good, or missing at a second look, too (decision 17).
 * @throws what says nothing of the followers, as when our own store is away
 */
export async function lookForFollowers(
  { services, lookAgain }: Searching,
  ctx: Ctx,
  { inbox, isGone }: MissingInbox,
): Promise<void> {
  const next = { sort: { lookedForAt: 1 }, limit: atOnce } as const;
  const found = await ctx.collection(followersCollection).find({ target: inbox }, next).toArray();
  for (const one of found) {
    const follower = await beginLook(ctx, one);
    if (follower === null) continue;
    const sight = await lookFor(services, ctx, follower);
    if (sight.kind === "gone" || (isGone && isStillAt(sight, inbox))) await drop(ctx, follower);
    if (sight.kind === "there") await redirect(ctx, follower, sight.target);
    if (sight.kind === "missing") {
      const lookedForAt = follower.lookedForAt.getTime();
      const id = `look-again/${follower._id}/${lookedForAt}`;
      const asked = { followerId: follower._id, lookedForAt };
      await ctx.enqueue(lookAgain, asked, { id, delayMs: secondLookMs });
    }
  }
}

/** The job of the second look. Whoever followed anew, moved or was carried since is not looked for. */
export function createLookAgain(services: Services): LookAgain {
  return defineJob({
    name: "federation.look-again",
    queue: "incoming",
    payload,
    async run(ctx, { followerId, lookedForAt: at }) {
      const lookedForAt = new Date(at);
      const known = await ctx
        .collection(followersCollection)
        .findOne({ _id: followerId, lookedForAt });
      if (known === null) return;
      const follower = { ...known, lookedForAt };
      const sight = await lookFor(services, ctx, follower);
      if (sight.kind === "gone" || sight.kind === "missing") await drop(ctx, follower);
      if (sight.kind === "there") await redirect(ctx, follower, sight.target);
    },
  });
}

/** A follower as of the look that is under way. */
type LookedFor = Follower & { readonly lookedForAt: Date };

/** Note a look, and so leave that follower to it; null when it is not time for one, or another one has begun. */
async function beginLook(ctx: Ctx, follower: Follower): Promise<LookedFor | null> {
  const { _id, lookedForAt: before } = follower;
  const lookedForAt = ctx.clock.now();
  const isSoon = before !== undefined && lookedForAt.getTime() < before.getTime() + betweenLooksMs;
  if (isSoon) return null;
  const { matchedCount } = await ctx
    .collection(followersCollection)
    .updateOne({ _id, lookedForAt: before ?? { $exists: false } }, { $set: { lookedForAt } });
  return matchedCount === 1 ? { ...follower, lookedForAt } : null;
}

function isStillAt(sight: Sight, inbox: string): boolean {
  return sight.kind === "there" && sight.target === inbox;
}

async function drop(ctx: Ctx, { _id, lookedForAt }: LookedFor): Promise<void> {
  await ctx.collection(followersCollection).deleteOne({ _id, lookedForAt });
}

/** Send things where they are from now on. */
async function redirect(ctx: Ctx, { _id, lookedForAt, target }: LookedFor, to: string) {
  if (to === target) return;
  const change = { $set: { target: to }, $unset: { lookedForAt: "" as const } };
  await ctx.collection(followersCollection).updateOne({ _id, lookedForAt }, change);
}

async function lookFor(services: Services, ctx: Ctx, { followerUri }: Follower): Promise<Sight> {
  try {
    const actor = await remoteActor(services, ctx, followerUri, { fresh: true });
    return { kind: "there", target: actor.sharedInbox ?? actor.inbox };
  } catch (error) {
    if (error instanceof NotAnActor || error instanceof HostileDocument) return { kind: "missing" };
    if (!(error instanceof FetchRefused)) throw error;
    if (error.isPassing) return { kind: "unknown" };
    return { kind: error.isGone ? "gone" : "missing" };
  }
}
