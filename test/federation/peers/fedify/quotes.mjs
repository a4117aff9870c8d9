/** Whether a post may be shown as a quote (FEP-044f), as a reader with Fedify's vocabulary finds out. */
import { Note, QuoteAuthorization } from "@fedify/vocab";

/**
 * Read the quoted post and the authorisation at their own addresses, and compare them.
 * @param {{ quoting: string, quoted: string, authorization: string }} quote the two posts, and what
 *   is said to authorise that the one quotes the other
 * @param ctx a context of Fedify
 * @param options its loaders
 * @returns {Promise<string>} `stands`, or why it does not
 */
export async function quoteStands({ quoting, quoted, authorization }, ctx, options) {
  const found = await ctx.lookupObject(authorization, options);
  if (!(found instanceof QuoteAuthorization)) return "no authorisation";
  if (found.id?.href !== authorization) return "an authorisation of another address";
  const note = await ctx.lookupObject(quoted, options);
  if (!(note instanceof Note)) return "nothing to quote";
  const author = note.attributionId;
  if (found.attributionId?.href !== author?.href) return "not by the author of what is quoted";
  if (author?.origin !== new URL(authorization).origin) return "not by the author's server";
  if (found.interactionTargetId?.href !== quoted) return "about another quoted post";
  return found.interactingObjectId?.href === quoting ? "stands" : "about another quoting post";
}
