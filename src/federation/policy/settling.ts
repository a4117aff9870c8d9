import { z } from "zod";
import { personByUri } from "../../features/people/people.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { receiveSupport, receiveSupportTakenBack } from "../../features/supports/supports.js";
import { defineJob, Refusal, type Ctx, type JobDef } from "../../kit/index.js";
import { actorUri, city, hostOf } from "../addresses.js";
import {
  followersCollection,
  followingCollection,
  reactionsCollection,
  remoteActorsCollection,
} from "../records.js";
import { isWithin, namesFor } from "./hosts.js";
import { blocksAmong } from "./policy.js";
import { blocksCollection } from "./records.js";
import { supportFrom } from "./support-from.js";

/** Stands for everybody whom a block or limit is about. */
export const everyListed = "*";

/** Brings what is stored in line with a rule about `who` that was changed, or about `everyListed`. */
export type Settle = JobDef<{ who: string; run: string; after: string }>;
type SettleHost = JobDef<{ host: string; run: string; after: string }>;

const hostsPerRun = 500;
const actorsPerRun = 200;
const likesAtOnce = 200;

/** The jobs, each of which does a bounded piece and hands on the rest. */
export interface Settling {
  readonly settle: Settle;
  readonly jobs: readonly JobDef<never>[];
}

/** Tells an actor's server how the rule about that very actor is now. */
export type TellActor = (ctx: Ctx, who: string) => Promise<void>;

/**
 * After somebody was blocked: their follows end, and so do links with them, and their supports do not
 * count. What they said stays where it is, for moderators to judge with reasons. After an unblock
 * their supports count again. Every step reads the rule as it is then, so that of two changes the
 * later one wins, whatever the order of their jobs. The server of a single actor is told.
 */
export function createSettling(tellActor: TellActor): Settling {
  const settleHost: SettleHost = defineJob({
    name: "federation.settle-host",
    payload: z.object({ host: z.string(), run: z.string(), after: z.string() }),
    async run(ctx, { host, run, after }) {
      const actors = await ctx
        .collection(remoteActorsCollection)
        .find({ host, _id: { $gt: after } }, { sort: { _id: 1 }, limit: actorsPerRun })
        .toArray();
      for (const { uri } of actors) await settleActor(ctx, uri);
      const last = actors.length < actorsPerRun ? undefined : actors.at(-1);
      if (last === undefined) return;
      const id = `settle/${run}/${last._id}`;
      await ctx.enqueue(settleHost, { host, run, after: last._id }, { id });
    },
  });
  const settle: Settle = defineJob({
    name: "federation.settle",
    payload: z.object({ who: z.string(), run: z.string(), after: z.string() }),
    async run(ctx, { who, run, after }) {
      if (who.includes("/")) {
        await settleActor(ctx, who);
        return tellActor(ctx, who);
      }
      const hosts = await nextHosts(ctx, after);
      for (const host of await meantBy(ctx, who, hosts)) {
        const id = `settle/${run}/${inId(host)}`;
        await ctx.enqueue(settleHost, { host, run, after: "" }, { id });
      }
      const last = hosts.length < hostsPerRun ? undefined : hosts.at(-1);
      if (last === undefined) return;
      const id = `settle/${run}/after/${inId(last)}`;
      await ctx.enqueue(settle, { who, run, after: last }, { id });
    },
  });
  return { settle, jobs: [settle, settleHost] as unknown as JobDef<never>[] };
}

/** A host within the id of a job, which may hold no colon. */
function inId(host: string): string {
  return host.replaceAll(":", "_");
}

/** The next hosts, in the order of their names, of which an actor is known. */
async function nextHosts(ctx: Ctx, after: string): Promise<string[]> {
  const hosts: string[] = [];
  while (hosts.length < hostsPerRun) {
    const [found] = await ctx
      .collection(remoteActorsCollection)
      .find(
        { host: { $gt: hosts.at(-1) ?? after } },
        { sort: { host: 1 }, limit: 1, projection: { host: 1 } },
      )
      .toArray();
    if (found === undefined) break;
    hosts.push(found.host);
  }
  return hosts;
}

/** Those of some hosts whom a rule is about. */
async function meantBy(ctx: Ctx, who: string, hosts: readonly string[]): Promise<string[]> {
  if (who !== everyListed) return hosts.filter((host) => isWithin(host, who));
  const listed = await blocksAmong(ctx, hosts);
  return hosts.filter((host) => listed.has(host));
}

async function settleActor(ctx: Ctx, uri: string): Promise<void> {
  const isBlocked = await isBlockedNow(ctx, uri);
  if (isBlocked) {
    await ctx.collection(followersCollection).deleteMany({ followerUri: uri });
    const link = { actorUri: actorUri(ctx.instance, city), targetUri: uri };
    await ctx.collection(followingCollection).deleteOne(link);
  }
  await eachLike(ctx, uri, (proposalUri) => count(ctx, uri, proposalUri, !isBlocked));
}

/** Read anew: what other parts of the process remember may be some seconds old. */
async function isBlockedNow(ctx: Ctx, uri: string): Promise<boolean> {
  const names = [uri, ...namesFor(hostOf(uri) ?? "")];
  const rows = await ctx
    .collection(blocksCollection)
    .find({ who: { $in: names } }, { limit: names.length })
    .toArray();
  return rows.some(({ severity }) => (severity ?? "blocked") === "blocked");
}

/** Take back every support of an actor that leaves, for good; what they pressed is forgotten. */
export async function takeBackSupports(ctx: Ctx, uri: string): Promise<void> {
  await eachLike(ctx, uri, (proposalUri) => count(ctx, uri, proposalUri, false));
}

async function eachLike(
  ctx: Ctx,
  uri: string,
  act: (proposalUri: string) => Promise<void>,
): Promise<void> {
  let after = "";
  for (;;) {
    const likes = await ctx
      .collection(reactionsCollection)
      .find(
        { kind: "like", actorUri: uri, objectUri: { $gt: after } },
        { sort: { objectUri: 1 }, limit: likesAtOnce },
      )
      .toArray();
    for (const { objectUri } of likes) await act(objectUri);
    const last = likes.at(-1);
    if (last === undefined || likes.length < likesAtOnce) return;
    after = last.objectUri;
  }
}

/** Have one remembered like count as a support, or not; done again, it changes nothing. */
async function count(ctx: Ctx, uri: string, proposalUri: string, counts: boolean): Promise<void> {
  const [proposal, person, actor] = await Promise.all([
    proposalByUri(ctx, proposalUri),
    personByUri(ctx, uri),
    ctx.collection(remoteActorsCollection).findOne({ uri }),
  ]);
  if (proposal === null || person === null || person.origin === "here") return;
  const support = { proposalId: proposal._id, personId: person._id };
  if (!counts) return receiveSupportTakenBack(ctx, support);
  try {
    const who = actor ?? { uri, host: hostOf(uri) ?? "", type: "Person" };
    await receiveSupport(ctx, support, await supportFrom(ctx, who));
  } catch (error) {
    // A proposal that was withdrawn meanwhile takes none.
    if (!(error instanceof Refusal)) throw error;
  }
}
