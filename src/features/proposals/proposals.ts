import { z } from "zod";
import { defineCollection, defineEvent, type Ctx } from "../../kit/index.js";
import type { Proposal, ProposalVersion } from "./proposal.js";

const payload = z.object({ proposalId: z.string() });

/** A proposal of this instance is public from now on. */
export const proposalPublished = defineEvent("proposal-published", payload);
/** Title, text, topic or place were edited. */
export const proposalEdited = defineEvent("proposal-edited", payload);
/**
 * Its author or a moderator took it back; nothing is answered or supported any more. `by` is the
 * member who did it; null in events stored before it was told.
 */
export const proposalWithdrawn = defineEvent(
  "proposal-withdrawn",
  payload.extend({ by: z.string().nullable().default(null) }),
);
/** Supports, comments or status have changed; already coalesced, to be told to other servers. */
export const proposalMoved = defineEvent("proposal-moved", payload);
/** A proposal of another instance arrived here. */
export const proposalReceived = defineEvent("proposal-received", payload);
/** Something that is counted has changed: the figures have to be read again from the rows. */
export const proposalStirred = defineEvent("proposal-stirred", payload);

/**
 * Lists are filtered by status and origin (always, by all values when nothing was chosen) and perhaps
 * by topic, then sorted in one of three ways: one index for each way, with and without the topic.
 */
export const proposalsCollection = defineCollection<Proposal>("proposals", [
  { keys: { number: 1 }, unique: true, partialFilterExpression: { number: { $gt: 0 } } },
  { keys: { uri: 1 }, unique: true },
  { keys: { importKey: 1 }, unique: true, partialFilterExpression: { importKey: { $gt: "" } } },
  { keys: { status: 1, origin: 1, publishedAt: -1, _id: -1 } },
  { keys: { status: 1, origin: 1, "counts.supports": -1, _id: -1 } },
  { keys: { status: 1, origin: 1, warmth: -1, _id: -1 } },
  { keys: { topicId: 1, status: 1, origin: 1, publishedAt: -1, _id: -1 } },
  { keys: { topicId: 1, status: 1, origin: 1, "counts.supports": -1, _id: -1 } },
  { keys: { topicId: 1, status: 1, origin: 1, warmth: -1, _id: -1 } },
  { keys: { status: 1, origin: 1, "elsewhere.answeredBy": 1, publishedAt: -1, _id: -1 } },
  { keys: { status: 1, origin: 1, "elsewhere.answeredBy": 1, "counts.supports": -1, _id: -1 } },
  { keys: { authorId: 1, publishedAt: -1, _id: -1 } },
  { keys: { terms: 1, _id: -1 } },
]);

export const versionsCollection = defineCollection<ProposalVersion>("proposalVersions", [
  { keys: { proposalId: 1, version: 1 }, unique: true },
]);

/** A proposal of this instance by its public number, or null. */
export async function proposalByNumber(ctx: Ctx, number: number): Promise<Proposal | null> {
  if (!Number.isSafeInteger(number) || number < 1) return null;
  return ctx.collection(proposalsCollection).findOne({ number });
}

/** Several proposals of this instance by their public numbers; unknown ones are left out. At most 1,000. */
export async function proposalsByNumbers(
  ctx: Ctx,
  numbers: readonly number[],
): Promise<Proposal[]> {
  const wanted = [...new Set(numbers)].filter((one) => Number.isSafeInteger(one) && one > 0);
  if (wanted.length === 0) return [];
  return ctx
    .collection(proposalsCollection)
    .find({ number: { $in: wanted.slice(0, 1000) } }, { limit: 1000 })
    .toArray();
}

/** A proposal by id, of this instance or another, or null. */
export async function proposalById(ctx: Ctx, id: string): Promise<Proposal | null> {
  return ctx.collection(proposalsCollection).findOne({ _id: id });
}

/** Several proposals at once, by id; unknown ids are left out. At most 1,000 ids. */
export async function proposalsByIds(
  ctx: Ctx,
  ids: readonly string[],
): Promise<Map<string, Proposal>> {
  const wanted = [...new Set(ids)].slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(proposalsCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((proposal) => [proposal._id, proposal]));
}

/** A proposal by the id of its Note on the network, or null. */
export async function proposalByUri(ctx: Ctx, uri: string): Promise<Proposal | null> {
  return ctx.collection(proposalsCollection).findOne({ uri });
}

/** How a proposal read before each of its edits, the latest first, at most 200. */
export async function versionsOf(ctx: Ctx, proposal: Proposal): Promise<ProposalVersion[]> {
  return ctx
    .collection(versionsCollection)
    .find(
      { proposalId: proposal._id, version: { $lt: proposal.version } },
      { sort: { version: -1 }, limit: 200 },
    )
    .toArray();
}
