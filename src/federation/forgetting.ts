import { z } from "zod";
import { peopleCollection } from "../features/people/people.js";
import { defineJob, type Ctx, type ScheduleDef } from "../kit/index.js";
import { quotesCollection } from "./quotes/record.js";
import {
  followersCollection,
  followingCollection,
  peersCollection,
  reactionsCollection,
  remoteActorsCollection,
  waitingCollection,
} from "./records.js";
import { staleAt } from "./stale.js";

/** Rows looked at in one query, and queries of one run: what is left is the next hour's. */
const batch = 200;
const mostBatches = 50;

/**
 * Forget servers and actors elsewhere that were not heard of for 90 days and that nothing here refers
 * to, since anybody may invent as many as they like. What follows us or is followed, what waits for
 * a server, and what an actor said or pressed here keep them; an actor that is met again is read again.
 */
export async function forgetStale(ctx: Ctx): Promise<void> {
  await inBatches(() => forgetPeers(ctx));
  await inBatches(() => forgetActors(ctx));
}

async function inBatches(forget: () => Promise<number>): Promise<void> {
  for (let done = 0; done < mostBatches; done += 1) if ((await forget()) < batch) return;
}

async function forgetPeers(ctx: Ctx): Promise<number> {
  const rows = ctx.collection(peersCollection);
  const now = ctx.clock.now();
  const stale = { forgetAt: { $lte: now } };
  const found = await rows.find(stale, { sort: { forgetAt: 1 }, limit: batch }).toArray();
  const hosts = found.map(({ host }) => host);
  const used = new Set<string>();
  for (const host of hosts) if (await isUsedHost(ctx, host)) used.add(host);
  const left = hosts.filter((host) => !used.has(host));
  await rows.updateMany({ host: { $in: [...used] } }, { $set: { forgetAt: staleAt(now) } });
  // Whoever was heard meanwhile is stale no more.
  await rows.deleteMany({ host: { $in: left }, ...stale });
  return found.length;
}

/** One look for each and of each kind, as a server may have thousands of followers here. */
async function isUsedHost(ctx: Ctx, host: string): Promise<boolean> {
  const [follower, followed, waiting] = await Promise.all([
    ctx.collection(followersCollection).findOne({ host }),
    ctx.collection(followingCollection).findOne({ host }),
    ctx.collection(waitingCollection).findOne({ host }),
  ]);
  return (follower ?? followed ?? waiting) !== null;
}

async function forgetActors(ctx: Ctx): Promise<number> {
  const rows = ctx.collection(remoteActorsCollection);
  const now = ctx.clock.now();
  const stale = { forgetAt: { $lte: now } };
  const found = await rows.find(stale, { sort: { forgetAt: 1 }, limit: batch }).toArray();
  const used = await usedActors(
    ctx,
    found.map(({ uri }) => uri),
  );
  const left = found.map(({ uri }) => uri).filter((uri) => !used.has(uri));
  await rows.updateMany({ uri: { $in: [...used] } }, { $set: { forgetAt: staleAt(now) } });
  await rows.deleteMany({ uri: { $in: left }, ...stale });
  return found.length;
}

async function usedActors(ctx: Ctx, uris: readonly string[]): Promise<Set<string>> {
  const used = new Set<string>();
  for (const uri of uris) if (await isUsedActor(ctx, uri)) used.add(uri);
  return used;
}

async function isUsedActor(ctx: Ctx, uri: string): Promise<boolean> {
  const kinds = { $in: ["like", "announce"] as Array<"like" | "announce"> };
  const [person, follower, followed, reaction, quote] = await Promise.all([
    ctx.collection(peopleCollection).findOne({ uri }),
    ctx.collection(followersCollection).findOne({ followerUri: uri }),
    ctx.collection(followingCollection).findOne({ targetUri: uri }),
    ctx.collection(reactionsCollection).findOne({ kind: kinds, actorUri: uri }),
    ctx.collection(quotesCollection).findOne({ actorUri: uri }),
  ]);
  return (person ?? follower ?? followed ?? reaction ?? quote) !== null;
}

/** The hourly forgetting in the calendar. */
export function forgettingSchedule(): ScheduleDef {
  const job = defineJob({
    name: "federation.forgetting",
    payload: z.object({}),
    run: (ctx) => forgetStale(ctx),
  });
  return { key: "federation-forgetting", cron: "41 * * * *", job: job as ScheduleDef["job"] };
}
