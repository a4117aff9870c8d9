import { hasRole, type Member } from "../../kit/index.js";
import type { Ground } from "./fault.js";

/** Where a proposal stands; follows from the response and its milestones, or from withdrawal. */
export type Status =
  "open" | "under-study" | "accepted" | "planned" | "declined" | "not-ours" | "done" | "withdrawn";

/** A spot that a proposal is about. */
export interface Place {
  readonly name: string;
  /** WGS 84 degrees; null when only named. */
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Where a proposal of another instance lives; ours hold null instead. */
export interface Elsewhere {
  readonly host: string;
  /** Name of the instance it was published on. */
  readonly instanceName: string;
  /** The actor to support, follow and answer to: the proposal's own. */
  readonly actorUri: string;
  /** Its public page. */
  readonly url: string;
  readonly number: number | null;
  /** Whether it was proposed to a city, which answers for itself, or published by an association. */
  readonly of: "city" | "association";
  /** The actors whose official responses its home takes, as that says. */
  readonly answeredBy: readonly string[];
  /** Name of the author there. */
  readonly authorName: string;
  /** When its home last changed it, as that says; absent while it never did. */
  readonly updatedAt?: Date | null;
}

/** Supports by where they came from. `here` and `elsewhere` are each counted once a person. */
export interface Counts {
  readonly supportsHere: number;
  readonly supportsElsewhere: number;
  /** Counted on the site it was imported from, where only the number was kept. */
  readonly supportsBefore: number;
  /** All of them; what lists are sorted by. */
  readonly supports: number;
  /** Comments that are shown. */
  readonly comments: number;
}

/** A numbered public idea. */
export interface Proposal {
  readonly _id: string;
  /** Public number on this instance (No 42); null for a proposal of another instance. */
  readonly number: number | null;
  /** Id of its Note on the network; permanent. */
  readonly uri: string;
  /** Published here, or received from another instance (then `elsewhere` says where it lives). */
  readonly origin: "here" | "elsewhere";
  readonly title: string;
  /** Markdown, as typed; for proposals of elsewhere cleaned HTML lies in `html` and this is plain text. */
  readonly body: string;
  /** Rendered and sanitised. */
  readonly html: string;
  readonly topicId: string | null;
  readonly place: Place | null;
  /** A `Person` of here; null for proposals of elsewhere. */
  readonly authorId: string | null;
  readonly elsewhere: Elsewhere | null;
  readonly status: Status;
  readonly counts: Counts;
  /** Grows with recent supports and comments and fades by itself; see `warmthOf` in `warmth.ts`. */
  readonly warmth: number;
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
  /** Last thing that happened to it: support, comment, answer. */
  readonly movedAt: Date;
  readonly withdrawnAt: Date | null;
  /** When its home deleted it, for good; all others lack it. */
  readonly deletedAt?: Date;
  /** Why a moderator withdrew it; those that their author withdrew, or nobody, lack it. */
  readonly takenDown?: Ground;
  /** Counts edits; an edit names the version it started from. */
  readonly version: number;
  /** Analysed words for search. */
  readonly terms: readonly string[];
  /** Key of the import this came from, so that a second run changes nothing; null otherwise. */
  readonly importKey: string | null;
}

/** How a proposal read before an edit. */
export interface ProposalVersion {
  readonly _id: string;
  readonly proposalId: string;
  readonly version: number;
  readonly title: string;
  readonly body: string;
  readonly replacedAt: Date;
}

/** Every status of a proposal that is shown in lists, in the order filters offer them. */
export const listedStatuses = [
  "open",
  "under-study",
  "accepted",
  "planned",
  "done",
  "declined",
  "not-ours",
] as const satisfies readonly Status[];

/** Who may change what a proposal says: its author alone, since nobody speaks in their name. */
export function mayEdit(member: Member | null, proposal: Pick<Proposal, "authorId">): boolean {
  return member !== null && proposal.authorId === member._id;
}

/** Who may withdraw a proposal of this instance: its author, moderators, admins. */
export function mayWithdraw(member: Member | null, proposal: Pick<Proposal, "authorId">): boolean {
  return mayEdit(member, proposal) || hasRole(member, "moderator");
}

/** Path of a proposal's page on this instance. */
export function proposalPath(proposal: Pick<Proposal, "_id" | "number">): string {
  return proposal.number === null
    ? `/proposals/linked/${proposal._id}`
    : `/proposals/${proposal.number}`;
}
