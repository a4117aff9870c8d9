/** Why a member is told. */
export type Occasion =
  | "response-published"
  | "response-edited"
  | "milestone-done"
  | "comment-on-yours"
  | "reply-to-you"
  | "proposal-withdrawn";

/** One thing a member is told, once: `(memberId, occasion, subjectId)` is unique. */
export interface Notification {
  readonly _id: string;
  readonly memberId: string;
  readonly occasion: Occasion;
  /** Id of the response, comment, milestone or proposal it is about. */
  readonly subjectId: string;
  readonly proposalId: string;
  readonly at: Date;
  readonly readAt: Date | null;
}
