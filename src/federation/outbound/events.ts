import {
  commentDeleted,
  commentEdited,
  commentHandled,
  commentPublished,
} from "../../features/comments/comments.js";
import { instancePresented } from "../../features/instance-profile/instance-profile.js";
import { reportHandled } from "../../features/moderation/reports.js";
import { personChanged, personErased } from "../../features/people/people.js";
import { standingChanged } from "../../features/people/standing.js";
import {
  proposalEdited,
  proposalMoved,
  proposalPublished,
  proposalWithdrawn,
} from "../../features/proposals/proposals.js";
import {
  answerSought,
  milestoneReached,
  responseEdited,
  responsePublished,
} from "../../features/responses/responses.js";
import { responseWithdrawn } from "../../features/responses/withdrawing.js";
import { supportGiven, supportTakenBack } from "../../features/supports/supports.js";
import { topicChanged } from "../../features/topics/topics.js";
import { on, type Subscription } from "../../kit/index.js";
import { readAgain } from "../inbound/linked.js";
import type { RuleParts } from "../policy/rules.js";
import { heedStanding, tellReport } from "./flag.js";
import { revokeOfComment, revokeOfProposal, type RevokeQuotes } from "../quotes/revoke.js";
import { tellFaceSoon, tellPerson, type TellFace } from "./actors.js";
import { tellComment, tellHandled, type CommentTellers } from "./comments.js";
import { tellSupport, tellSupportTakenBack } from "./people.js";
import { tellEdited, tellPublished, tellSoon, tellWithdrawn, type TellMoved } from "./proposals.js";
import {
  tellMilestone,
  tellResponse,
  tellResponseEdited,
  tellResponseWithdrawn,
} from "./responses.js";

/** The jobs and rules that events end in. */
export interface EventParts {
  readonly tellMoved: TellMoved;
  readonly tellFace: TellFace;
  readonly rules: RuleParts;
  readonly revokeQuotes: RevokeQuotes;
}

/** Every civic event that other servers are told of, or asked about. */
export function subscriptions(
  tellers: CommentTellers,
  { tellMoved, tellFace, revokeQuotes, rules }: EventParts,
): Subscription[] {
  return [
    ...ofModeration(tellers, rules),
    ...ofProposals(tellers, tellMoved),
    ...ofComments(tellers),
    ...ofActors(tellers, tellFace),
    on(commentDeleted, "federation-quotes", (ctx, { commentId }) =>
      revokeOfComment(revokeQuotes, ctx, commentId),
    ),
    on(proposalWithdrawn, "federation-quotes", (ctx, { proposalId }) =>
      revokeOfProposal(revokeQuotes, ctx, proposalId),
    ),
  ];
}

function ofModeration({ services, send }: CommentTellers, rules: RuleParts): Subscription[] {
  return [
    on(reportHandled, "federation", (ctx, { reportId }) =>
      tellReport(services, send, ctx, reportId),
    ),
    on(standingChanged, "federation", (ctx, { personId }) => heedStanding(rules, ctx, personId)),
  ];
}

function ofProposals({ services, send }: CommentTellers, tellMoved: TellMoved): Subscription[] {
  return [
    on(proposalPublished, "federation", (ctx, { proposalId }) =>
      tellPublished(services, send, ctx, proposalId),
    ),
    on(proposalEdited, "federation", (ctx, { proposalId }) => tellEdited(send, ctx, proposalId)),
    on(proposalWithdrawn, "federation", (ctx, { proposalId }) =>
      tellWithdrawn(send, ctx, proposalId),
    ),
    on(proposalMoved, "federation", (ctx, { proposalId }) =>
      tellSoon(services, tellMoved, ctx, proposalId),
    ),
    on(answerSought, "federation", (ctx, { proposalId }) => readAgain(services, ctx, proposalId)),
    on(responsePublished, "federation", (ctx, { responseId }) =>
      tellResponse(services, send, ctx, responseId),
    ),
    on(responseEdited, "federation", (ctx, { responseId }) =>
      tellResponseEdited(services, send, ctx, responseId),
    ),
    on(responseWithdrawn, "federation", (ctx, gone) => tellResponseWithdrawn(send, ctx, gone)),
    on(milestoneReached, "federation", (ctx, done) => tellMilestone(services, send, ctx, done)),
  ];
}

function ofComments(tellers: CommentTellers): Subscription[] {
  const { services, send } = tellers;
  return [
    on(commentPublished, "federation", (ctx, { commentId }) =>
      tellComment(tellers, ctx, commentId, "Create"),
    ),
    on(commentEdited, "federation", (ctx, { commentId }) =>
      tellComment(tellers, ctx, commentId, "Update"),
    ),
    on(commentHandled, "federation", (ctx, { commentId }) => tellHandled(tellers, ctx, commentId)),
    on(commentDeleted, "federation", (ctx, { commentId }) =>
      tellComment(tellers, ctx, commentId, "Delete"),
    ),
    on(supportGiven, "federation", (ctx, backing) => tellSupport(services, send, ctx, backing)),
    on(supportTakenBack, "federation", (ctx, backing) =>
      tellSupportTakenBack(services, send, ctx, backing),
    ),
  ];
}

function ofActors({ services, send }: CommentTellers, tellFace: TellFace): Subscription[] {
  const tellers = { send, tellFace };
  return [
    on(personChanged, "federation", (ctx, { personId }) =>
      tellPerson(services, tellers, ctx, personId),
    ),
    on(personErased, "federation", (ctx, { personId }) =>
      tellPerson(services, tellers, ctx, personId),
    ),
    on(topicChanged, "federation", (ctx, { topicId }) =>
      tellFaceSoon(services, tellFace, ctx, { kind: "topic", id: topicId }),
    ),
    on(instancePresented, "federation", (ctx) =>
      tellFaceSoon(services, tellFace, ctx, { kind: "city", id: "" }),
    ),
  ];
}
