import { defineFeature, on } from "../../kit/index.js";
import {
  milestoneReached,
  responseEdited,
  responsePublished,
  responsesCollection,
  settleStatus,
} from "./responses.js";

/** What the town hall answers, on the record. */
export const responses = defineFeature({
  name: "responses",
  collections: [responsesCollection],
  on: [
    on(responsePublished, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
    on(responseEdited, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
    on(milestoneReached, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
  ],
});
