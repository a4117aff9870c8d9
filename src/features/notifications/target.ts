import { proposalPath, type Proposal } from "../proposals/proposal.js";
import type { Notification } from "./notification.js";

/** Where a notification leads. */
export function targetOf(
  { occasion, subjectId }: Pick<Notification, "occasion" | "subjectId">,
  proposal: Pick<Proposal, "_id" | "number">,
): string {
  switch (occasion) {
    case "comment-on-yours":
    case "reply-to-you":
      return `/comments/${subjectId}`;
    case "comment-hidden":
    case "comment-shown-again":
      return `/comments/${subjectId.split("/")[0]}`;
    case "response-withdrawn":
    case "proposal-withdrawn":
    case "proposal-taken-down":
      return proposalPath(proposal);
    default:
      return `${proposalPath(proposal)}#response-title`;
  }
}
