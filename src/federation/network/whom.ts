import { FetchRefused } from "../../drivers/fetch.js";
import { Refusal, type Ctx } from "../../kit/index.js";
import { findInstance } from "../linking.js";
import { whoMeant } from "../policy/rules.js";
import { remoteActorsCollection } from "../records.js";
import { NotAnActor } from "../remote-actors.js";
import type { Services } from "../services.js";

/**
 * Whom an administrator means who pastes what they see: a host with its subdomains, or one actor by
 * its page, its id or `@name@host`. Rules know actors by their ids, which their servers tell; an
 * address whose server does not answer is taken for an id as it stands. Null for what is none of
 * these, and for ourselves.
 */
export async function whoTyped(
  services: Services,
  ctx: Ctx,
  typed: string,
): Promise<string | null> {
  const isActor = /^(?:@?[^@\s/]+@[^@\s/]+|https?:\/\/[^/]+\/.+)$/i.test(typed.trim());
  const meant = whoMeant(ctx, typed);
  if (!isActor) return meant;
  if (meant !== null && (await isKnown(ctx, meant))) return meant;
  try {
    const { uri } = await findInstance(services, ctx, typed);
    return whoMeant(ctx, uri);
  } catch (error) {
    if (error instanceof FetchRefused) return meant;
    if (error instanceof NotAnActor || error instanceof Refusal) return null;
    throw error;
  }
}

async function isKnown(ctx: Ctx, uri: string): Promise<boolean> {
  return (await ctx.collection(remoteActorsCollection).findOne({ uri })) !== null;
}
