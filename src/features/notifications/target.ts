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
    case "proposal-withdrawn":
      return proposalPath(proposal);
    default:
      return `${proposalPath(proposal)}#response-title`;
  }
}
