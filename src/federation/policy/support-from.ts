import { registrableDomain } from "../../drivers/registrable-domain.js";
import type { SupportFrom } from "../../features/supports/supports.js";
import type { Ctx } from "../../kit/index.js";
import { isLinkedHost } from "../inbound/linked.js";
import type { RemoteActor } from "../records.js";
import { isAutomated } from "../remote-actors.js";
import { isLimitedHost } from "./policy.js";

/**
 * What decides whether the support of an actor elsewhere counts. Who belongs to a linked instance is
 * believed to be one of its people, however many they are; three indexed reads at most.
 */
export async function supportFrom(
  ctx: Ctx,
  actor: Pick<RemoteActor, "uri" | "host" | "type">,
): Promise<SupportFrom> {
  const { uri, host } = actor;
  const [isLimited, isLinked] = await Promise.all([
    isLimitedHost(ctx, host),
    isLinkedHost(ctx, uri),
  ]);
  return {
    isAutomated: isAutomated(actor),
    limitedHost: isLimited ? host : null,
    site: isLinked ? null : registrableDomain(host),
  };
}
