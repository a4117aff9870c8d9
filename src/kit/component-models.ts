import type { SafeHtml } from "./safe-html.js";

/** A status with its word; the code picks the colour and the icon. */
export interface StatusView {
  readonly code:
    | "open"
    | "under-study"
    | "accepted"
    | "planned"
    | "declined"
    | "not-ours"
    | "done"
    | "withdrawn";
  readonly label: string;
}

/** Somebody who wrote something (partial `person`). */
export interface PersonView {
  readonly name: string;
  readonly url: string | null;
  /** Server of a remote author, null for ours. */
  readonly host: string | null;
  /** A word such as "Mairie" or "Association", null for a citizen. */
  readonly role: string | null;
}

/** A proposal in a list (partial `proposal-card`). */
export interface ProposalCard {
  /** Null for a proposal of another instance. */
  readonly number: number | null;
  readonly title: string;
  readonly url: string;
  readonly topic: { readonly name: string; readonly url: string } | null;
  readonly status: StatusView;
  readonly author: { readonly name: string };
  readonly publishedAt: Date;
  readonly supports: number;
  readonly comments: number;
  readonly excerpt: string;
  readonly place: string | null;
  /** Server a linked instance's proposal came from, null for ours. */
  readonly origin: string | null;
}

/** A comment and what was answered to it (partial `comment`, which calls itself). */
export interface CommentView {
  /** Unique on the page: `#comment-<id>` leads to it. */
  readonly id: string;
  readonly author: PersonView;
  readonly publishedAt: Date;
  readonly body: SafeHtml;
  readonly stance: "for" | "against" | null;
  /** Said in place of the text when it was withdrawn or moderated. */
  readonly removed: string | null;
  readonly replyUrl: string | null;
  readonly reportUrl: string | null;
  readonly replies: readonly CommentView[];
}

/** The big figure and its button (partial `support-box`). */
export interface SupportBox {
  readonly count: number;
  /** Where the supports come from: "sur ce site", "depuis le fédivers"… */
  readonly origins: readonly { readonly label: string; readonly count: number }[];
  /** Address that a POST supports at, or withdraws from when already supported. */
  readonly action: string | null;
  readonly supported: boolean;
  /** Where a visitor signs in to support; null when `action` is set or supports are closed. */
  readonly signInUrl: string | null;
  /** Why nobody can support any more, null while it is possible. */
  readonly closed: string | null;
}

/** A dated step of what was accepted (partial `milestones`). */
export interface MilestoneView {
  readonly title: string;
  readonly date: Date | null;
  readonly state: "done" | "current" | "coming";
  readonly detail: string | null;
}

/** The town hall's answer (partial `response-box`). */
export interface ResponseBox {
  readonly decision: StatusView;
  readonly office: string;
  readonly publishedAt: Date;
  readonly body: SafeHtml;
  readonly url: string | null;
  readonly milestones: readonly MilestoneView[];
}

/** A choice in a list of filters or tabs (partials `filter-links` and `tabs`). */
export interface LinkChoice {
  readonly text: string;
  readonly url: string;
  readonly current: boolean;
  readonly count: number | null;
}

/** Where a list stands (partial `pager`). */
export interface Pager {
  readonly previous: string | null;
  readonly next: string | null;
  /** Such as "21 à 40 sur 132". */
  readonly text: string;
}

/** What was wrong with a form: the summary links to each field (partial `error-summary`). */
export interface FieldErrorView {
  readonly field: string;
  /** The field's label, to tell one error from another in the summary; null when it has none. */
  readonly label: string | null;
  readonly text: string;
}
