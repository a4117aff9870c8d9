import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Response } from "./response.js";

const payload = z.object({ responseId: z.string() });

/** The town hall answered a proposal. */
export const responsePublished = defineEvent("response-published", payload);
/** The answer, its decision or its milestones were changed. */
export const responseEdited = defineEvent("response-edited", payload);
/** A step of the answer is done. */
export const milestoneReached = defineEvent(
  "milestone-reached",
  payload.extend({ milestoneId: z.string() }),
);

export const responsesCollection = defineCollection<Response>("responses", [
  { keys: { proposalId: 1 }, unique: true },
  { keys: { uri: 1 }, unique: true },
  { keys: { publishedAt: -1, _id: -1 } },
]);
