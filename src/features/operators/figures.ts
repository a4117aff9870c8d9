import { z } from "zod";
import { firstIdAt, type Clock } from "../../drivers/clock.js";
import type { Queue } from "../../drivers/queue/queue.js";
import type { Store } from "../../drivers/store/collection.js";
import type { DeploymentCollection } from "../../hosting/collections.js";
import {
  defineJob,
  insertOnce,
  queueNames,
  usageOf,
  type Ctx,
  type Limited,
  type ScheduleDef,
} from "../../kit/index.js";
import { lastSignInDay } from "../accounts/sign-ins.js";
import { commentsCollection } from "../comments/comments.js";
import { listedStatuses } from "../proposals/proposal.js";
import { proposalsCollection } from "../proposals/proposals.js";

/** What of an instance is counted by federation, which tells the network its size and knows its peers. */
export interface Counted {
  usage(ctx: Ctx): Promise<Readonly<Record<"proposals" | "comments", number>>>;
  failingPeers(ctx: Ctx): Promise<number>;
}

/** The figures of an instance as they were when it was measured last. */
export interface InstanceFigures {
  /** The instance. */
  readonly _id: string;
  readonly measuredAt: Date;
  /** What limits may be set to, as it was used then; of mails those of that day. */
  readonly used: Readonly<Record<Limited, number>>;
  readonly proposals: number;
  readonly comments: number;
  /** Proposals and comments that were published here in the last 30 days. */
  readonly recent: number;
  readonly lastProposalAt: Date | null;
  readonly lastSignInOn: Date | null;
  readonly failingPeers: number;
  readonly deadJobs: number;
}

/** The sums over all instances. */
export interface Totals {
  readonly _id: "all";
  readonly at: Date;
  /** The hour of the calendar that they are of. */
  readonly hour: number;
  readonly instances: number;
  readonly storage: number;
  readonly members: number;
}

interface Parts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly counted: Counted;
}

const figuresName = "instance_figures";
const totalsName = "instance_totals";

/** The collections of figures; both are read by their keys alone. */
export const figureCollections: readonly DeploymentCollection[] = [
  { name: figuresName, indexes: [], instanceIn: "_id" },
  { name: totalsName, indexes: [] },
];

const monthMs = 30 * 86_400_000;
const hourMs = 3_600_000;
const mostCounted = 100_000;
/** The minute of each hour at which instances are measured. */
const minute = 41;

/** Measures instances once an hour, so that no page has to count. */
export interface Figures {
  readonly schedule: ScheduleDef;
  /** The figures of some instances, by their ids; of one that was never measured there are none. */
  of(ids: readonly string[]): Promise<ReadonlyMap<string, InstanceFigures>>;
  totals(): Promise<Totals | null>;
}

/** Open the figures on the store of the deployment. */
export function createFigures(parts: Parts): Figures {
  const rows = parts.store.collection<InstanceFigures>(figuresName);
  const sums = parts.store.collection<Totals>(totalsName);
  const job = defineJob({
    name: "operators.measure",
    payload: z.object({}),
    attempts: 3,
    async run(ctx) {
      const { _id, ...figures } = await measure(ctx, parts);
      // Before this one is written: those of the hour before are still whole.
      await addUp(parts);
      await rows.updateOne({ _id }, { $set: figures }, { upsert: true });
    },
  });
  return {
    // Nobody waits for it, and there may be thousands: it lets pass whatever comes within the minute.
    schedule: {
      ...{ key: "operators-measure", cron: `${minute} * * * *`, yieldsMs: 60_000 },
      job: job as ScheduleDef["job"],
    },
    async of(ids) {
      const wanted = { _id: { $in: [...ids] } };
      const found = await rows.find(wanted, { limit: Math.max(1, ids.length) }).toArray();
      return new Map(found.map((row) => [row._id, row]));
    },
    totals: () => sums.findOne({ _id: "all" }),
  };
}

async function measure(ctx: Ctx, { counted, queue }: Parts): Promise<InstanceFigures> {
  const { _id } = ctx.instance;
  const [used, size, failingPeers, recent, lastProposalAt, lastSignInOn, dead] = await Promise.all([
    usageOf(ctx),
    counted.usage(ctx),
    counted.failingPeers(ctx),
    recentPosts(ctx),
    newestProposal(ctx),
    lastSignInDay(ctx),
    Promise.all(queueNames.map((name) => queue.countDead(name, _id))),
  ]);
  const { proposals, comments } = size;
  return {
    ...{ _id, measuredAt: ctx.clock.now(), used, proposals, comments, recent },
    ...{ lastProposalAt, lastSignInOn, failingPeers },
    deadJobs: dead.reduce((sum, count) => sum + count, 0),
  };
}

/** Numbers of proposals are given one after the other: the highest is of the newest. */
async function newestProposal(ctx: Ctx): Promise<Date | null> {
  const [newest] = await ctx
    .collection(proposalsCollection)
    .find({ number: { $gt: 0 } }, { sort: { number: -1 }, limit: 1 })
    .toArray();
  return newest?.publishedAt ?? null;
}

/** Comments of this instance have addresses that sort by when they were made, under a unique index. */
async function recentPosts(ctx: Ctx): Promise<number> {
  const since = new Date(ctx.clock.now().getTime() - monthMs);
  const uri = {
    $gte: ctx.instance.url(`/comments/${firstIdAt(since)}`),
    $lt: ctx.instance.url("/comments/~"),
  };
  const limit = mostCounted;
  const [proposals, comments] = await Promise.all([
    ctx
      .collection(proposalsCollection)
      .countDocuments(
        { status: { $in: [...listedStatuses] }, origin: "here", publishedAt: { $gte: since } },
        { limit },
      ),
    ctx.collection(commentsCollection).countDocuments({ uri }, { limit }),
  ]);
  return proposals + comments;
}

/** An hour of the calendar lasts from one measuring to the next, so that a late one is still of its own. */
function hourOf(at: Date): number {
  return Math.floor((at.getTime() - minute * 60_000) / hourMs);
}

/**
 * Add up what was measured in the hour before, once for each hour: whoever measures first does it for all. In a
 * deployment's first hour there is nothing to add up.
 */
async function addUp({ store, clock }: Parts): Promise<void> {
  const sums = store.collection<Totals>(totalsName);
  const at = clock.now();
  const hour = hourOf(at);
  const last = await sums.findOne({ _id: "all" });
  if (last !== null && last.hour >= hour) return;
  const rows = store.collection<InstanceFigures>(figuresName);
  const [first] = await rows.find({}, { sort: { _id: 1 }, limit: 1 }).toArray();
  if (first === undefined || hourOf(first.measuredAt) === hour) return;
  let [instances, storage, members] = [0, 0, 0];
  for await (const row of rows.find({}, { sort: { _id: 1 }, projection: { used: 1 } })) {
    instances += 1;
    storage += row.used.storage;
    members += row.used.members;
  }
  const totals = { at, hour, instances, storage, members };
  if (last === null) await insertOnce(() => sums.insertOne({ _id: "all", ...totals }));
  // Somebody else may have been quicker.
  else await sums.updateOne({ _id: "all", hour: { $lt: hour } }, { $set: totals });
}
