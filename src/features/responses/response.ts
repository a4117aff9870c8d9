import { hasRole, Refusal, type Instance, type Member } from "../../kit/index.js";
import type { Proposal, Status } from "../proposals/proposal.js";

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
  /** The actor of the instance that gave it; absent when that is this one, or an import. */
  readonly saidBy?: string;
  readonly decision: Decision;
  /** Markdown as typed; plain text for responses of elsewhere. */
  readonly body: string;
  readonly html: string;
  readonly milestones: readonly Milestone[];
  readonly publishedAt: Date;
  readonly editedAt: Date | null;
}

/** An answer holds at most this many steps. */
export const mostMilestones = 12;

/** Longest title of a step, in characters. */
export const longestStep = 160;

/** Only officials speak for the town hall; anybody else is refused ("not-an-official"). */
export function assertMayRespond(member: Member | null): asserts member is Member {
  if (member === null) throw new Refusal("not-signed-in");
  if (!hasRole(member, "official")) throw new Refusal("not-an-official");
}

/** The actor that answers for an instance. */
export function officeActor(instance: Pick<Instance, "url">): string {
  return instance.url("/actor");
}

/**
 * Whose answer a proposal waits for: everybody answers their own, and a city what an association
 * proposes that names it. No city speaks for another one. `not-asked`: it may be a city's to answer,
 * and is once its home says so.
 */
export function whoseToAnswer(
  instance: Pick<Instance, "kind" | "url">,
  { origin, elsewhere }: Pick<Proposal, "origin" | "elsewhere">,
): "ours" | "not-asked" | "theirs" {
  if (origin === "here") return "ours";
  if (instance.kind !== "city" || elsewhere?.of !== "association") return "theirs";
  return elsewhere.answeredBy.includes(officeActor(instance)) ? "ours" : "not-asked";
}

/** Where a proposal stands by its answer: what was promised is done once every step is. */
export function statusOf({ decision, milestones }: Pick<Response, "decision" | "milestones">) {
  const promised = decision === "accepted" || decision === "planned";
  const kept = milestones.length > 0 && milestones.every(({ doneAt }) => doneAt !== null);
  return (promised && kept ? "done" : decision) satisfies Status;
}

/** Whether `day` is a day of the calendar, `YYYY-MM-DD`, between 1900 and 2199. */
export function isDay(day: string): boolean {
  if (!/^(?:19|20|21)\d\d-\d\d-\d\d$/.test(day)) return false;
  const date = new Date(`${day}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** Path of an answer's own page. */
export function responsePath({ _id }: Pick<Response, "_id">): string {
  return `/responses/${_id}`;
}
