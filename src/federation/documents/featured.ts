import { latestResponses, isGivenHere } from "../../features/responses/responses.js";
import type { Response } from "../../features/responses/response.js";
import { proposalsByIds } from "../../features/proposals/proposals.js";
import type { Ctx } from "../../kit/index.js";
import type { ActorRecord } from "../translate/actor.js";
import { proposalNote } from "../translate/proposal.js";
import { responseNote } from "../translate/response.js";
import type { As2 } from "../vocabulary.js";
import { document, type Found } from "./found.js";
import { gatherProposal, gatherResponse } from "./gather.js";

/** How many of its official responses a city pins to the top of its profile. */
export const mostPinned = 3;

/** The official responses that the city pins: its latest own, and then `more` that came before. */
export async function pinnedResponses(ctx: Ctx, more = 0): Promise<Response[]> {
  const { items } = await latestResponses(ctx, { cursor: null, limit: 50 });
  return items.filter((one) => isGivenHere(ctx, one)).slice(0, mostPinned + more);
}

/** What an actor pins: a proposal's actor its Note, the city its latest answers, others nothing. */
export async function findFeatured(ctx: Ctx, record: ActorRecord, id: string): Promise<Found> {
  const orderedItems = await itemsOf(ctx, record);
  const totalItems = orderedItems.length;
  return document({ id, type: "OrderedCollection", totalItems, orderedItems });
}

async function itemsOf(ctx: Ctx, record: ActorRecord): Promise<As2[]> {
  if (record.kind === "proposal") {
    return [proposalNote(await gatherProposal(ctx, record.proposal))];
  }
  if (record.kind !== "city") return [];
  const responses = await pinnedResponses(ctx);
  const proposals = await proposalsByIds(
    ctx,
    responses.map(({ proposalId }) => proposalId),
  );
  const notes = await Promise.all(
    responses.map(async (response) => {
      const proposal = proposals.get(response.proposalId);
      return proposal === undefined
        ? []
        : [responseNote(await gatherResponse(ctx, response, proposal))];
    }),
  );
  return notes.flat();
}
