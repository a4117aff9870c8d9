import { defineFeature, on } from "../../kit/index.js";
import {
  commentDeleted,
  commentEdited,
  commentHandled,
  commentPublished,
} from "../comments/comments.js";
import {
  proposalEdited,
  proposalPublished,
  proposalStirred,
  proposalWithdrawn,
} from "../proposals/proposals.js";
import { supportGiven, supportTakenBack } from "../supports/supports.js";
import {
  recount,
  recountAllTopics,
  recountSoon,
  recountSoonFor,
  recountTopicsSoon,
  talliesCollection,
} from "./tallies.js";

/** Keeps every figure true: shown counts are counted again from the rows after each event. */
export const tallies = defineFeature({
  name: "tallies",
  collections: [talliesCollection],
  jobs: [recount, recountAllTopics],
  on: [
    on(supportGiven, "recount", (ctx, { proposalId }) => recountSoon(ctx, proposalId)),
    on(supportTakenBack, "recount", (ctx, { proposalId }) => recountSoon(ctx, proposalId)),
    on(commentPublished, "recount", (ctx, { commentId }) => recountSoonFor(ctx, commentId)),
    on(commentEdited, "recount", (ctx, { commentId }) => recountSoonFor(ctx, commentId)),
    on(commentHandled, "recount", (ctx, { commentId }) => recountSoonFor(ctx, commentId)),
    on(commentDeleted, "recount", (ctx, { commentId }) => recountSoonFor(ctx, commentId)),
    on(proposalStirred, "recount", (ctx, { proposalId }) => recountSoon(ctx, proposalId)),
    on(proposalWithdrawn, "recount", (ctx, { proposalId }) => recountSoon(ctx, proposalId)),
    on(proposalPublished, "count-topics", (ctx) => recountTopicsSoon(ctx)),
    on(proposalEdited, "count-topics", (ctx) => recountTopicsSoon(ctx)),
    on(proposalWithdrawn, "count-topics", (ctx) => recountTopicsSoon(ctx)),
  ],
});
