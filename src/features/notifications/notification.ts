/** Why a member is told, the town hall's answers first. */
export const occasions = [
  "response-published",
  "response-edited",
  "response-withdrawn",
  "milestone-done",
  "comment-on-yours",
  "reply-to-you",
  "proposal-withdrawn",
  "proposal-taken-down",
  "comment-hidden",
  "comment-shown-again",
] as const;

/** Why a member is told. */
export type Occasion = (typeof occasions)[number];

/** One thing a member is told, once: `(memberId, occasion, subjectId)` is unique. */
export interface Notification {
  readonly _id: string;
  readonly memberId: string;
  readonly occasion: Occasion;
  /**
   * What it is about: a response, comment or proposal by id; an edit as `<response>/<its moment>`, a
   * milestone as `<response>/<milestone>`, a decision about a comment as `<comment>/<decision>`.
   */
  readonly subjectId: string;
  readonly proposalId: string;
  readonly at: Date;
  readonly readAt: Date | null;
  /**
   * `due` until its mail is handed over; `none` when none was wanted; `refused` by the mail server, until
   * an operator has it tried again.
   */
  readonly mail: "due" | "sent" | "none" | "refused";
}

/** What there is to tell, to whoever it concerns. */
export interface News extends Pick<Notification, "occasion" | "subjectId" | "proposalId"> {
  /** Who did it, and needs not be told; null when nobody of here. */
  readonly by: string | null;
}
