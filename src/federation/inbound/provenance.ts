import { registrableDomain } from "../../drivers/registrable-domain.js";
import type { Provenance } from "../../features/comments/verdict.js";
import { proposalById } from "../../features/proposals/proposals.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, city } from "../addresses.js";
import { isNumbered } from "../documents/gather.js";
import type { Normal } from "../port.js";
import { followersCollection, type RemoteActor } from "../records.js";
import type { Inbound } from "./inbound.js";
import { isLimitedHost } from "../policy/policy.js";
import { isAutomated } from "../remote-actors.js";
import { isLinkedHost } from "./linked.js";
import { isPublic, mentionsIn } from "./read.js";

/** A note, its author and where it belongs. */
export interface Told {
  readonly note: Normal;
  readonly author: RemoteActor;
  readonly proposalId: string;
}

/**
 * What the network tells about a note, for the rule that decides whether it is shown. What a linked
 * instance sends on comes with its word for it, as it shows it itself.
 */
export async function provenanceOf(
  { ctx, entry }: Pick<Inbound, "ctx" | "entry">,
  { note, author, proposalId }: Told,
): Promise<Provenance> {
  const [isLinked, follows, isLimited] = await Promise.all([
    entry.isVouched || isLinkedHost(ctx, author.uri),
    followsHere(ctx, author.uri, proposalId),
    isLimitedHost(ctx, author.host),
  ]);
  const bornAt = author.bornAt ?? null;
  return {
    ...{
      host: author.host,
      site: registrableDomain(author.host),
      isPublic: isPublic(note),
      mentions: mentionsIn(note),
    },
    ...{ isLinked, follows, isLimitedHost: isLimited, isAutomated: isAutomated(author) },
    accountAgeMs: bornAt === null ? null : ctx.clock.now().getTime() - bornAt.getTime(),
  };
}

/** Whether somebody follows the city or the proposal that they comment. */
async function followsHere(ctx: Ctx, followerUri: string, proposalId: string): Promise<boolean> {
  const proposal = await proposalById(ctx, proposalId);
  const followed = [
    actorUri(ctx.instance, city),
    ...(isNumbered(proposal)
      ? [actorUri(ctx.instance, { kind: "proposal", number: proposal.number })]
      : []),
  ];
  const row = await ctx
    .collection(followersCollection)
    .findOne({ actorUri: { $in: followed }, followerUri });
  return row !== null;
}
