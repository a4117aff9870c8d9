import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Proposal, ProposalVersion } from "./proposal.js";

const payload = z.object({ proposalId: z.string() });

/** A proposal of this instance is public from now on. */
export const proposalPublished = defineEvent("proposal-published", payload);
/** Title, text, topic or place were edited. */
export const proposalEdited = defineEvent("proposal-edited", payload);
/** Its author took it back; nothing is answered or supported any more. */
export const proposalWithdrawn = defineEvent("proposal-withdrawn", payload);
/** Supports, comments or status have changed; already coalesced, to be told to other servers. */
export const proposalMoved = defineEvent("proposal-moved", payload);
/** A proposal of another instance arrived here. */
export const proposalReceived = defineEvent("proposal-received", payload);

export const proposalsCollection = defineCollection<Proposal>("proposals", [
  { keys: { number: 1 }, unique: true, partialFilterExpression: { number: { $gt: 0 } } },
  { keys: { uri: 1 }, unique: true },
]);

export const versionsCollection = defineCollection<ProposalVersion>("proposalVersions", [
  { keys: { proposalId: 1, version: 1 }, unique: true },
]);
