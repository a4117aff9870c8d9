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
  /** `held` waits for a moderator; `deleted` keeps its place, its text is gone. */
  readonly state: "shown" | "held" | "deleted";
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
  readonly importKey: string | null;
}
