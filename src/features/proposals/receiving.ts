import { isDuplicate, Refusal, type Ctx } from "../../kit/index.js";
import { cleanRemoteHtml } from "../../kit/text/sanitize.js";
import type { Counts, Elsewhere, Place, Proposal, Status } from "./proposal.js";
import { proposalByUri, proposalReceived, proposalsCollection } from "./proposals.js";
import { untouchedFields } from "./publishing.js";
import { analyse } from "../../kit/text/search.js";

/** What the home instance of a proposal says about how much moves around it. */
export type ReceivedCounts = Pick<Counts, "supports" | "comments">;

/** A proposal as its home instance describes it. */
export interface ReceivedProposal {
  readonly uri: string;
  readonly title: string;
  readonly html: string;
  /** The same as plain text, for search and excerpts. */
  readonly text: string;
  readonly place: Place | null;
  readonly elsewhere: Elsewhere;
  readonly publishedAt: Date;
  readonly status: Status;
  readonly counts: ReceivedCounts;
}

function writtenFields({ title, html, text, place, elsewhere }: ReceivedProposal) {
  const body = text.slice(0, 20_000);
  const short = title.slice(0, 300);
  return {
    ...{ title: short, body, place, elsewhere },
    html: cleanRemoteHtml(html),
    terms: analyse({ title: short, body }),
  };
}

/**
 * Keep a proposal of a linked instance, or what changed of it when it is known by its uri. A proposal
 * of this instance is never touched. Its HTML is cleaned before it is stored.
 */
export async function receiveProposal(ctx: Ctx, input: ReceivedProposal): Promise<Proposal> {
  const known = await proposalByUri(ctx, input.uri);
  if (known !== null) return (await receiveProposalUpdate(ctx, input)) ?? known;
  const proposal: Proposal = {
    ...untouchedFields(input.publishedAt),
    ...writtenFields(input),
    _id: ctx.ids.next(),
    number: null,
    uri: input.uri,
    origin: "elsewhere",
    topicId: null,
    authorId: null,
    status: input.status,
    counts: shared(input.counts, 0),
  };
  try {
    await ctx.commit(proposalReceived, { proposalId: proposal._id }, () =>
      ctx.collection(proposalsCollection).insertOne(proposal),
    );
    return proposal;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return (await receiveProposalUpdate(ctx, input)) ?? proposal;
  }
}

const mostTries = 5;

/**
 * What changed of a known proposal of elsewhere; null when there is none by that uri. What its home
 * said before what is held, by its own `updatedAt`, changes nothing, figures included, and nor does
 * anything once it was deleted.
 */
export async function receiveProposalUpdate(
  ctx: Ctx,
  input: ReceivedProposal,
): Promise<Proposal | null> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const known = await proposalByUri(ctx, input.uri);
    if (known === null || known.origin === "here") return known;
    if (known.deletedAt !== undefined || isLate(known, input)) return known;
    const changed = await bringUpToDate(ctx, known, input);
    if (changed !== null) return changed;
  }
  throw new Refusal("changed-meanwhile");
}

function isLate(
  { elsewhere: held }: Pick<Proposal, "elsewhere">,
  { elsewhere: told }: ReceivedProposal,
): boolean {
  return held?.updatedAt != null && held.updatedAt > (told.updatedAt ?? new Date(0));
}

/** Write it while nobody else has brought something newer; null when somebody has. */
async function bringUpToDate(
  ctx: Ctx,
  known: Proposal,
  input: ReceivedProposal,
): Promise<Proposal | null> {
  const written = writtenFields(input);
  const edited = known.title !== written.title || known.html !== written.html;
  const now = ctx.clock.now();
  return ctx.collection(proposalsCollection).findOneAndUpdate(
    {
      ...{ _id: known._id, deletedAt: { $exists: false } },
      "elsewhere.updatedAt": known.elsewhere?.updatedAt ?? null,
    },
    {
      $set: {
        ...written,
        status: input.status,
        withdrawnAt: input.status === "withdrawn" ? (known.withdrawnAt ?? now) : null,
        counts: shared(input.counts, known.counts.supportsHere),
        editedAt: edited ? (input.elsewhere.updatedAt ?? now) : known.editedAt,
        movedAt: now,
      },
    },
    { returnDocument: "after" },
  );
}

/** Its home deleted it: the words are forgotten for good, the place stays as withdrawn. */
export async function receiveProposalDeleted(ctx: Ctx, uri: string): Promise<void> {
  const now = ctx.clock.now();
  await ctx.collection(proposalsCollection).updateOne(
    { uri, origin: "elsewhere", deletedAt: { $exists: false } },
    {
      $set: {
        ...{ title: "", body: "", html: "", terms: [], place: null },
        ...{ status: "withdrawn", withdrawnAt: now, movedAt: now, deletedAt: now },
      },
    },
  );
}

/** The home instance counts our supporters too, once they have reached it. */
function shared({ supports, comments }: ReceivedCounts, supportsHere: number): Counts {
  const inAll = Math.max(bounded(supports), supportsHere);
  return {
    supportsHere,
    supportsElsewhere: inAll - supportsHere,
    supportsBefore: 0,
    supports: inAll,
    comments: bounded(comments),
  };
}

function bounded(count: number): number {
  return Number.isSafeInteger(count) ? Math.min(Math.max(count, 0), 1_000_000_000) : 0;
}
