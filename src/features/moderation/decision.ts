import type { Comment } from "../comments/comment.js";
import type { Why } from "../comments/verdict.js";

/** What a moderator did. */
export type Deed =
  | "released"
  | "refused"
  | "hidden"
  | "shown-again"
  | "blocked"
  | "unblocked"
  | "report-closed"
  | "report-forwarded"
  | "withdrawn"
  | "support-taken"
  | "support-declined";

/** What a decision is about. */
export interface Subject {
  readonly kind: "comment" | "proposal" | "person";
  readonly id: string;
}

/** A line of the record of decisions: written once, never changed, never removed. */
export interface Decision {
  readonly _id: string;
  readonly what: Deed;
  readonly subject: Subject;
  /** The moderator. */
  readonly by: string;
  readonly at: Date;
  readonly why: readonly Why[];
  /** The moderator's own words; empty when there are none. */
  readonly note: string;
}

/** Names what a decision or a report is about, in one word. */
export function keyOf({ kind, id }: Subject): string {
  return `${kind}/${id}`;
}

/** The line that a moderator's decision about a comment leaves; null when the rule decided. */
export function decisionOn({ _id, handled }: Comment): Decision | null {
  if (handled === undefined || handled.what === null) return null;
  const { decisionId, what, by, at, why, note } = handled;
  if (decisionId === null || by === null) return null;
  return { _id: decisionId, what, subject: { kind: "comment", id: _id }, by, at, why, note };
}
