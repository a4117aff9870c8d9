import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Support } from "./support.js";

const payload = z.object({ proposalId: z.string(), personId: z.string() });

/** Somebody backs a proposal from now on. */
export const supportGiven = defineEvent("support-given", payload);
/** Somebody took their support back. */
export const supportTakenBack = defineEvent("support-taken-back", payload);

export const supportsCollection = defineCollection<Support>("supports", [
  { keys: { proposalId: 1, personId: 1 }, unique: true },
  { keys: { proposalId: 1, origin: 1, at: -1 } },
  { keys: { personId: 1, at: -1 } },
]);
