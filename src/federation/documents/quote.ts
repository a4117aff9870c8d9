import type { Ctx } from "../../kit/index.js";
import { quotableNote } from "../quotes/quotable.js";
import { quotesCollection, quoteUri } from "../quotes/record.js";
import { tombstone } from "../translate/comment.js";
import { document, nothing, type Found } from "./found.js";

/**
 * The authorisation of a quote (FEP-044f); gone once it was revoked, and as soon as the quoted Note
 * is not public any more.
 */
export async function findQuote(ctx: Ctx, _id: string): Promise<Found> {
  const quote = await ctx.collection(quotesCollection).findOne({ _id });
  if (quote === null) return nothing;
  const id = quoteUri(ctx.instance, quote);
  const type = "QuoteAuthorization";
  if (quote.revokedAt !== null || (await quotableNote(ctx, quote.quotedUri)) === null) {
    return { kind: "gone", body: tombstone(id, type) };
  }
  return document({
    ...{ id, type, attributedTo: quote.authorUri },
    ...{ interactingObject: quote.quotingUri, interactionTarget: quote.quotedUri },
  });
}
