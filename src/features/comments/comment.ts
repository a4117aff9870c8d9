import type { Why } from "./verdict.js";

/** What was decided about a comment: by the rule when it came, later perhaps by a moderator. */
export interface Handling {
  /** What a moderator did; null when the rule decided. */
  readonly what: "released" | "refused" | "hidden" | "shown-again" | null;
  readonly why: readonly Why[];
  readonly at: Date;
  /** The moderator; null when the rule decided. */
  readonly by: string | null;
  /** The moderator's own words; empty when there are none. */
  readonly note: string;
  /** Its line in the record of decisions; null when the rule decided. */
  readonly decisionId: string | null;
  /** Home of its author; null for comments of here. */
  readonly host: string | null;
  /** Whose that is, by which what waits is bounded; comments of here lack it. */
  readonly site?: string;
}

/** A reply to a proposal, a response or another comment. */
export interface Comment {
  readonly _id: string;
  /** Id of its Note on the network; permanent, unique. */
  readonly uri: string;
  readonly proposalId: string;
  /** The comment it answers; null when it answers the proposal (or its response). */
  readonly parentId: string | null;
  /** Id of the official response that it answers, for replies of elsewhere that name one. */
  readonly answers?: string;
  /** The first comment of its thread (its own id for a first comment). */
  readonly rootId: string;
  /** Steps below the first comment; threads are drawn at most four deep. */
  readonly depth: number;
  readonly authorId: string;
  /** Markdown as typed; for comments of elsewhere plain text. */
  readonly body: string;
  /** Rendered and sanitised. */
  readonly html: string;
  readonly origin: "here" | "elsewhere";
  /**
   * `held` waits for a moderator, `refused` was never shown and is soon forgotten; `hidden` by a
   * moderator and `deleted` keep their place, a deleted one without its words.
   */
  readonly state: "shown" | "held" | "refused" | "hidden" | "deleted";
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
  readonly importKey: string | null;
  /** Why it is in its state; comments that were simply shown lack it. */
  readonly handled?: Handling;
  /** When a refused one is forgotten; others lack it. */
  readonly expiresAt?: Date;
}
