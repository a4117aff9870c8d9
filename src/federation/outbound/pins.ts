import type { Response } from "../../features/responses/response.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, city, collectionUri } from "../addresses.js";
import { mostPinned, pinnedResponses } from "../documents/featured.js";
import { PUBLIC } from "../vocabulary.js";
import { nobody, type Send } from "./send.js";

/**
 * The city pins its newest answers: who follows it is told of each that comes to the top of its
 * profile, and of each that makes room. However often this runs, each is told once.
 */
export async function tellPins(send: Send, ctx: Ctx): Promise<void> {
  const latest = await pinnedResponses(ctx, mostPinned);
  for (const response of latest.slice(0, mostPinned)) await tell(send, ctx, "Add", response);
  for (const response of latest.slice(mostPinned)) await tell(send, ctx, "Remove", response);
}

async function tell(
  send: Send,
  ctx: Ctx,
  type: "Add" | "Remove",
  { _id, uri }: Response,
): Promise<void> {
  await send(ctx, {
    ...{ key: `${type}/featured/${_id}`, actor: city, type, object: uri, objectUri: uri },
    more: { target: collectionUri(ctx.instance, city, "featured") },
    ...{ to: [PUBLIC], cc: [collectionUri(ctx.instance, city, "followers")], listed: false },
    audience: { ...nobody, followersOf: [actorUri(ctx.instance, city)] },
  });
}
