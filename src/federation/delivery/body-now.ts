import type { Ctx } from "../../kit/index.js";
import { activitiesCollection, type Activity } from "../records.js";
import type { JsonObject } from "../remote-document.js";
import type { Services } from "../services.js";

/**
 * An activity's body with a proof by the key that its actor has now: what was made before an exchange
 * of keys and waits to be sent gets a new proof, since nobody could verify the old one any more. What
 * somebody else said and we pass on stays as it is, byte for byte.
 */
export async function bodyNow(
  { vault, activities }: Pick<Services, "vault" | "activities">,
  ctx: Ctx,
  { _id, actorUri, body }: Pick<Activity, "_id" | "actorUri" | "body">,
): Promise<string> {
  const method = await vault.proofMethod(ctx, actorUri);
  if (body.includes(JSON.stringify(method))) return body;
  const { proof: _proof, ...bare } = JSON.parse(body) as JsonObject;
  if (bare["actor"] !== actorUri) return body;
  const fresh = JSON.stringify(await vault.attest(ctx, actorUri, bare));
  await ctx.collection(activitiesCollection).updateOne({ _id }, { $set: { body: fresh } });
  activities.forget(ctx, _id);
  return fresh;
}
