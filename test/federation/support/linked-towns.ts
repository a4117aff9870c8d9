import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { proposalByUri } from "../../../src/features/proposals/proposals.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import type { Response } from "../../../src/features/responses/response.js";
import { anAnswer } from "../../features/responses/support.js";
import { aDraft } from "../../support/builders.js";
import { aClock } from "../../support/city.js";
import { aTown, settleAll, type Town } from "./town.js";

/** Towns of these kinds, none of which knows another yet. */
export async function towns(...kinds: Array<Town["instance"]["kind"]>): Promise<Town[]> {
  const clock = aClock();
  return Promise.all(kinds.map((kind, at) => aTown({ name: `Ville ${at}`, kind, clock })));
}

/** Each of two towns follows the other. */
export async function link(one: Town, other: Town): Promise<void> {
  await one.federation.linkInstance(one.visitor, other.origin);
  await other.federation.linkInstance(other.visitor, one.origin);
  await settleAll(one, other);
}

/** A proposal of a town, once the others have heard of it. */
export async function proposed(home: Town, ...others: Town[]): Promise<Proposal> {
  const proposal = await publishProposal(await home.newcomer("Alix"), aDraft());
  await settleAll(home, ...others);
  return proposal;
}

/** The official response of a town to what it knows by this address. */
export async function answer(town: Town, { uri }: Pick<Proposal, "uri">): Promise<Response> {
  const seen = await proposalByUri(town.visitor, uri);
  return publishResponse(
    await town.newcomer("Adjointe", "official"),
    anAnswer(seen?._id ?? "", { office: town.instance.name }),
  );
}

/** The address of a town's own actor. */
export function actorOf({ instance }: Town): string {
  return instance.url("/actor");
}
