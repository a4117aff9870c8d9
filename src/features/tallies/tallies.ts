import { z } from "zod";
import { defineCollection, defineJob, type Ctx } from "../../kit/index.js";
import { commentById, commentsCollection } from "../comments/comments.js";
import type { Counts, Proposal, Status } from "../proposals/proposal.js";
import { proposalById, proposalMoved, proposalsCollection } from "../proposals/proposals.js";
import { mostEvents, warmthOf } from "../proposals/warmth.js";
import { supportsCollection } from "../supports/supports.js";
import { topicsCollection } from "../topics/topics.js";
import { listedStatuses } from "../proposals/proposal.js";

/** What was last told about a proposal to other servers; one row for each, by its id. */
interface Tally extends Counts {
  readonly _id: string;
  readonly status: Status;
}

/** What has been told of each proposal's figures. */
export const talliesCollection = defineCollection<Tally>("tallies", []);

/** Figures are counted again at most once in this time, so that a rush costs one count. */
export const recountEveryMs = 10_000;

/** Count a proposal's supports and comments from their rows. */
export const recount = defineJob({
  name: "tallies.recount",
  payload: z.object({ proposalId: z.string() }),
  run: (ctx, { proposalId }) => recountProposal(ctx, proposalId),
});

/** Have a proposal counted at the end of this span of ten seconds. */
export async function recountSoon(ctx: Ctx, proposalId: string): Promise<void> {
  const now = ctx.clock.now().getTime();
  const span = Math.floor(now / recountEveryMs);
  const delayMs = (span + 1) * recountEveryMs - now;
  await ctx.enqueue(recount, { proposalId }, { id: `recount/${proposalId}/${span}`, delayMs });
}

/** The same for the proposal that a comment belongs to. */
export async function recountSoonFor(ctx: Ctx, commentId: string): Promise<void> {
  const comment = await commentById(ctx, commentId);
  if (comment !== null) await recountSoon(ctx, comment.proposalId);
}

async function recountProposal(ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal === null) return;
  const counts = await countsOf(ctx, proposal);
  const events = await latestEvents(ctx, proposal);
  await ctx
    .collection(proposalsCollection)
    .updateOne({ _id: proposalId }, { $set: { counts, warmth: warmthOf(events) } });
  if (proposal.origin === "here") await tellIfMoved(ctx, proposal, counts);
}

async function countsOf(ctx: Ctx, { _id, origin, counts }: Proposal): Promise<Counts> {
  const supports = ctx.collection(supportsCollection);
  const [here, elsewhere, comments] = await Promise.all([
    supports.countDocuments({ proposalId: _id, origin: "here" }),
    supports.countDocuments({ proposalId: _id, origin: "elsewhere" }),
    ctx.collection(commentsCollection).countDocuments({ proposalId: _id, state: "shown" }),
  ]);
  const { supportsBefore } = counts;
  const isOurs = origin === "here";
  const supportsElsewhere = isOurs ? elsewhere : counts.supportsElsewhere;
  return {
    ...{ supportsHere: here, supportsElsewhere, supportsBefore },
    supports: here + supportsElsewhere + supportsBefore,
    comments: isOurs ? comments : Math.max(comments, counts.comments),
  };
}

async function latestEvents(ctx: Ctx, { _id, publishedAt }: Proposal): Promise<Date[]> {
  const options = { limit: mostEvents } as const;
  const [supports, comments] = await Promise.all([
    ctx
      .collection(supportsCollection)
      .find(
        { proposalId: _id, origin: { $in: ["here", "elsewhere"] } },
        { ...options, sort: { at: -1 } },
      )
      .toArray(),
    ctx
      .collection(commentsCollection)
      .find({ proposalId: _id, state: "shown" }, { ...options, sort: { publishedAt: -1 } })
      .toArray(),
  ]);
  return [publishedAt, ...supports.map((s) => s.at), ...comments.map((c) => c.publishedAt)];
}

async function tellIfMoved(ctx: Ctx, { _id, status }: Proposal, counts: Counts): Promise<void> {
  const told = ctx.collection(talliesCollection);
  const last = await told.findOne({ _id });
  const now: Tally = { _id, status, ...counts };
  if (last !== null && isSame(last, now)) return;
  if (last === null && status === "open" && counts.supports + counts.comments === 0) return;
  await ctx.commit(proposalMoved, { proposalId: _id }, () =>
    told.updateOne({ _id }, { $set: { status, ...counts } }, { upsert: true }),
  );
}

function isSame(a: Tally, b: Tally): boolean {
  return (
    a.status === b.status &&
    a.comments === b.comments &&
    a.supportsHere === b.supportsHere &&
    a.supportsElsewhere === b.supportsElsewhere
  );
}

/** Count the proposals of every topic that are not withdrawn; bounded by the number of topics. */
export async function recountTopics(ctx: Ctx): Promise<void> {
  const topics = ctx.collection(topicsCollection);
  const all = await topics.find({}, { sort: { position: 1, _id: 1 }, limit: 200 }).toArray();
  for (const { _id, proposalCount } of all) {
    const count = await ctx
      .collection(proposalsCollection)
      .countDocuments({ topicId: _id, status: { $in: [...listedStatuses] } });
    if (count !== proposalCount) {
      await topics.updateOne({ _id }, { $set: { proposalCount: count } });
    }
  }
}

/** Count the topics' proposals again. */
export const recountAllTopics = defineJob({
  name: "tallies.topics",
  payload: z.object({}),
  run: (ctx) => recountTopics(ctx),
});

/** Have the topics counted at the end of this span of ten seconds. */
export async function recountTopicsSoon(ctx: Ctx): Promise<void> {
  const now = ctx.clock.now().getTime();
  const span = Math.floor(now / recountEveryMs);
  const delayMs = (span + 1) * recountEveryMs - now;
  await ctx.enqueue(recountAllTopics, {}, { id: `topics/${ctx.instance._id}/${span}`, delayMs });
}
