import { z } from "zod";
import { peopleCollection } from "../features/people/people.js";
import {
  defineJob,
  type CollectionDef,
  type Ctx,
  type Row,
  type ScheduleDef,
} from "../kit/index.js";
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
/** Rows that are read to see who of a batch is referred to. */
const readAtOnce = 2 * batch;

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
  const left = await unused(ctx, hosts, [
    namedIn(followersCollection, "host"),
    namedIn(followingCollection, "host"),
    namedIn(waitingCollection, "host"),
  ]);
  const used = hosts.filter((host) => !left.includes(host));
  await rows.updateMany({ host: { $in: used } }, { $set: { forgetAt: staleAt(now) } });
  // Whoever was heard meanwhile is stale no more.
  await rows.deleteMany({ host: { $in: left }, ...stale });
  return found.length;
}

async function forgetActors(ctx: Ctx): Promise<number> {
  const rows = ctx.collection(remoteActorsCollection);
  const now = ctx.clock.now();
  const stale = { forgetAt: { $lte: now } };
  const found = await rows.find(stale, { sort: { forgetAt: 1 }, limit: batch }).toArray();
  const uris = found.map(({ uri }) => uri);
  const left = await unused(ctx, uris, [
    namedIn(peopleCollection, "uri"),
    namedIn(followersCollection, "followerUri"),
    namedIn(followingCollection, "targetUri"),
    namedIn(reactionsCollection, "actorUri", { kind: { $in: ["like", "announce"] } }),
    namedIn(quotesCollection, "actorUri"),
  ]);
  const used = uris.filter((uri) => !left.includes(uri));
  await rows.updateMany({ uri: { $in: used } }, { $set: { forgetAt: staleAt(now) } });
  await rows.deleteMany({ uri: { $in: left }, ...stale });
  return found.length;
}

/** Those of some names that rows of one kind give, repeats included; at most `readAtOnce`. */
type NamedIn = (ctx: Ctx, some: readonly string[]) => Promise<readonly unknown[]>;

/** Reads the names in a field that an index leads with, after the fields of `also`. */
function namedIn<T extends Row>(
  def: CollectionDef<T>,
  field: keyof T & string,
  also: object = {},
): NamedIn {
  return async (ctx, some) => {
    const rows = ctx.collection(def);
    const among = { ...also, [field]: { $in: some } } as Parameters<typeof rows.find>[0];
    const projection = { [field]: 1 };
    const found = await rows.find(among, { limit: readAtOnce, projection }).toArray();
    return found.map((row) => row[field as keyof typeof row]);
  };
}

/**
 * Those names that no row gives. A few queries for all of them; where one name fills an answer, as a
 * server may have thousands of followers here, the others are asked for without it.
 */
async function unused(
  ctx: Ctx,
  names: readonly string[],
  kinds: readonly NamedIn[],
): Promise<string[]> {
  let left = [...names];
  for (const kind of kinds) {
    let isWhole = false;
    while (!isWhole && left.length > 0) {
      const named = await kind(ctx, left);
      const used = new Set(named);
      left = left.filter((name) => !used.has(name));
      isWhole = named.length < readAtOnce;
    }
  }
  return left;
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
