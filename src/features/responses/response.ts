/** What the town hall decided about a proposal. */
export type Decision = "accepted" | "planned" | "under-study" | "declined" | "not-ours";

/** Every decision, in the order offered. */
export const decisions = ["accepted", "planned", "under-study", "declined", "not-ours"] as const;

/** A dated step of what was accepted, up to done. */
export interface Milestone {
  readonly _id: string;
  readonly title: string;
  /** Day it is due, `YYYY-MM-DD`, or null. */
  readonly due: string | null;
  readonly doneAt: Date | null;
}

/** The town hall's answer to a proposal, on the record: one per proposal. */
export interface Response {
  readonly _id: string;
  /** Id of its Note on the network; permanent. */
  readonly uri: string;
  readonly proposalId: string;
  /** Office that answers, e.g. "Service des espaces verts". */
  readonly office: string;
  /** The official who published it; null when it came from another instance or an import. */
  readonly authorId: string | null;
  readonly decision: Decision;
  /** Markdown as typed; plain text for responses of elsewhere. */
  readonly body: string;
  readonly html: string;
  readonly milestones: readonly Milestone[];
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
}
