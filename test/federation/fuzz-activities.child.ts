import fc from "fast-check";
import { Client } from "undici";
import { commentsCollection } from "../../src/features/comments/comments.js";
import { queueNames } from "../../src/kit/work.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import { inboxCollection, keysCollection } from "../../src/federation/records.js";
import type { DeadRow } from "../../src/drivers/queue/queue-tables.js";
import { aFuzzScene, type FuzzScene } from "./support/fuzz-scene.js";
import { activityOf, mutants, oddDocuments, type Mutant } from "./support/fuzz-activities.js";
import {
  heapAfterCollection,
  reporting,
  reportTo,
  tellDone,
  unforeseen,
} from "./support/fuzz-report.js";
import { closePeers } from "./support/peer.js";
import { closeTowns } from "./support/town.js";

const [seed = 1, count = 10_000] = process.argv.slice(2).map(Number);
const batch = 100;
/** The heap is measured after so many batches. */
const sampled = 5;
/** So many are under way at once. */
const lanes = 20;
const taken: ReadonlySet<number> = new Set([202, 400, 401]);

async function send(
  wire: Client,
  scene: FuzzScene,
  mutant: Mutant,
  serial: number,
): Promise<number[]> {
  const { by, activity } = activityOf(scene, mutant, serial);
  const peer = by === scene.alice ? scene.home : scene.linked;
  const signer = { ...by, keyId: by.method, privateKey: by.proofKey };
  const statuses: number[] = [];
  for (let copy = 0; copy < (mutant.twice ? 2 : 1); copy += 1) {
    const { url, body, headers } = peer.signed(scene.town, signer, activity);
    const path = new URL(url).pathname;
    const answer = await wire.request({ path, method: "POST", body, headers });
    await answer.body.dump();
    statuses.push(answer.statusCode);
    if (!taken.has(answer.statusCode)) {
      throw new Error(`answered ${answer.statusCode} to ${body.slice(0, 4_000)}`);
    }
  }
  return statuses;
}

/** What was ours before must be ours, and as it was. */
async function harmOf({ town, proposal, commentUri }: FuzzScene): Promise<string[]> {
  const harm: string[] = [];
  const { visitor: ctx } = town;
  const kept = await ctx.collection(proposalsCollection).findOne({ _id: proposal._id });
  if (kept?.title !== proposal.title || kept.uri !== proposal.uri) harm.push("the proposal");
  const comment = await ctx.collection(commentsCollection).findOne({ uri: commentUri });
  if (comment?.body !== "Oui." || comment.origin !== "here") harm.push("the comment");
  const supports = await ctx
    .collection(supportsCollection)
    .countDocuments({ proposalId: proposal._id });
  if (kept?.counts.supports !== supports || supports > 1) harm.push("the count of supports");
  for await (const { uri, html, origin } of ctx
    .collection(commentsCollection)
    .find({ uri: { $gt: "" } })) {
    if (origin === "elsewhere" && uri.startsWith(`${town.origin}/`)) harm.push(`${uri} is ours`);
    if (/<script|javascript:|onerror/i.test(html)) harm.push(`${uri} is not clean`);
  }
  for await (const { _id } of ctx.collection(keysCollection).find({ _id: { $gt: "" } })) {
    if (!_id.startsWith(`${town.origin}/`)) harm.push(`there is a key for ${_id}`);
  }
  return harm;
}

async function fuzz(): Promise<void> {
  const scene = await aFuzzScene();
  const { town, home, linked } = scene;
  const wire = new Client(town.origin, { pipelining: lanes });
  const statuses = new Map<number, number>();
  const heap: number[] = [];
  let serial = 0;
  let runs = 0;
  const round = async (all: readonly Mutant[]): Promise<void> => {
    oddDocuments(scene, all, serial);
    const sent = await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        const got: number[] = [];
        for (let at = lane; at < all.length; at += lanes) {
          const mutant = all[at];
          if (mutant !== undefined) got.push(...(await send(wire, scene, mutant, serial + at)));
        }
        return got;
      }),
    );
    for (const status of sent.flat()) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    serial += all.length;
    town.clock.advance(1_000);
    await town.settle();
    home.received.length = 0;
    linked.received.length = 0;
    runs += 1;
    if (runs % sampled === 0) heap.push(heapAfterCollection());
    tellDone(runs * batch);
  };
  await fc.assert(
    fc.asyncProperty(fc.array(mutants, { minLength: batch, maxLength: batch }), round),
    { numRuns: Math.ceil(count / batch), seed, endOnFailure: true },
  );
  for (let n = 0; n < 30; n += 1) {
    town.clock.advance(3_600_000);
    await town.settle();
  }
  const entries = town.visitor.collection(inboxCollection);
  const unfinished = await entries.countDocuments({ state: { $in: ["waiting", "handed"] } });
  const counts = await Promise.all(queueNames.map((name) => town.queue.counts(name)));
  const dead = await town.store.collection<DeadRow>("queue_dead").find({}, { limit: 20 }).toArray();
  const outcomes = new Map<string, number>();
  for await (const { outcome } of entries.find({ state: { $in: ["done", "refused"] } })) {
    outcomes.set(outcome ?? "", (outcomes.get(outcome ?? "") ?? 0) + 1);
  }
  reportTo({
    ...{ seed, count: serial, statuses: Object.fromEntries(statuses), heap, unfinished },
    ...{
      queues: counts,
      unforeseen,
      asked: scene.liar.asked,
      outcomes: Object.fromEntries(outcomes),
    },
    dead: dead.map(({ name, error }) => `${name}: ${error}`),
    errors: scene.logLines.filter((line) => /"level":(50|60)/.test(line)).slice(0, 10),
    harm: await harmOf(scene),
  });
  await wire.close();
  await scene.close();
  await closeTowns();
  await closePeers();
}

await reporting(fuzz);
