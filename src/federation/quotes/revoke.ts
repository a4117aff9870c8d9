import { createHash } from "node:crypto";
import { z } from "zod";
import { commentById } from "../../features/comments/comments.js";
import { proposalById } from "../../features/proposals/proposals.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import { localActor } from "../addresses.js";
import { nobody, type Send } from "../outbound/send.js";
import { PUBLIC } from "../vocabulary.js";
import { quotesCollection, quoteUri, type Quote } from "./record.js";

const perRun = 100;
/** An authorisation that ended is 410 for this long; then nothing is known of it any more. */
const rememberedMs = 30 * 24 * 3_600_000;

const ended = z.object({
  /** What ended: the quoted Note, the quoting post, or the actor who quoted. */
  what: z.enum(["quotedUri", "quotingUri", "actorUri"]),
  uri: z.string(),
  /** Only what this actor asked for; empty for everybody's. */
  by: z.string(),
  after: z.string(),
});

type Ended = z.infer<typeof ended>;

/** The job that ends authorisations, a page at a time. */
export type RevokeQuotes = JobDef<Ended>;

/** Ends every authorisation of what is gone, and tells those who held it by a Delete. */
export function createRevokeQuotes(send: Send): RevokeQuotes {
  const job: RevokeQuotes = defineJob({
    name: "federation.revoke-quotes",
    payload: ended,
    async run(ctx, { what, uri, by, after }) {
      const page = await ctx
        .collection(quotesCollection)
        .find({ [what]: uri, _id: { $gt: after } }, { sort: { [what]: 1, _id: 1 }, limit: perRun })
        .toArray();
      for (const quote of page) {
        if (by === "" || quote.actorUri === by) await revoke(send, ctx, quote, what !== "actorUri");
      }
      const last = page.length < perRun ? undefined : page.at(-1);
      if (last !== undefined) await enqueue(job, ctx, { what, uri, by, after: last._id });
    },
  });
  return job;
}

function enqueue(job: RevokeQuotes, ctx: Ctx, given: Ended): Promise<unknown> {
  const name = createHash("sha256").update(JSON.stringify(given)).digest("hex");
  return ctx.enqueue(job, given, { id: `revoke-quotes/${name}` });
}

/** Have the authorisations ended of what is gone, where there are any. */
export async function revokeQuotes(
  job: RevokeQuotes,
  ctx: Ctx,
  { what, uri, by = "" }: Pick<Ended, "what" | "uri"> & { readonly by?: string },
): Promise<void> {
  const known = await ctx.collection(quotesCollection).findOne({ [what]: uri });
  if (known !== null) await enqueue(job, ctx, { what, uri, by, after: "" });
}

/** End one; it is told before it is marked, so that a death between the two loses nothing. */
export async function revoke(send: Send, ctx: Ctx, quote: Quote, tell: boolean): Promise<void> {
  if (quote.revokedAt !== null) return;
  const author = localActor(ctx.instance, quote.authorUri);
  const uri = quoteUri(ctx.instance, quote);
  if (tell && author !== null) {
    await send(ctx, {
      ...{ key: `revoke-quote/${quote._id}`, actor: author, type: "Delete", object: uri },
      ...{ objectUri: uri, to: [PUBLIC], cc: [quote.actorUri], listed: false, isPassing: true },
      audience: { ...nobody, inboxes: [quote.inbox] },
    });
  }
  const revokedAt = ctx.clock.now();
  const expiresAt = new Date(revokedAt.getTime() + rememberedMs);
  await ctx
    .collection(quotesCollection)
    .updateOne({ _id: quote._id, revokedAt: null }, { $set: { revokedAt, expiresAt } });
}

/** A comment of ours was deleted: whoever quotes it may not show it any more. */
export async function revokeOfComment(
  job: RevokeQuotes,
  ctx: Ctx,
  commentId: string,
): Promise<void> {
  const comment = await commentById(ctx, commentId);
  if (comment?.state !== "deleted" || comment.origin !== "here") return;
  await revokeQuotes(job, ctx, { what: "quotedUri", uri: comment.uri });
}

/** A proposal was withdrawn by its author: as with a comment. */
export async function revokeOfProposal(
  job: RevokeQuotes,
  ctx: Ctx,
  proposalId: string,
): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal?.status !== "withdrawn" || proposal.origin !== "here") return;
  await revokeQuotes(job, ctx, { what: "quotedUri", uri: proposal.uri });
}
