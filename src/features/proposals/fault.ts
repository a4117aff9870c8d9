import type { Ctx } from "../../kit/index.js";

/** What a moderator, or somebody who reports, finds wrong; each has words, `moderation.why.<code>`. */
export const faults = ["spam", "abuse", "illegal", "personal-data", "off-topic", "other"] as const;

/** What is wrong with something that somebody published. */
export type Fault = (typeof faults)[number];

/** Why a moderator takes something from somebody: the rule that it breaks, and their own words. */
export interface Ground {
  readonly why: Fault;
  /** Plain text; empty when there are none. */
  readonly note: string;
}

/** Longest words of a report or of a decision, in characters. */
export const mostWords = 1_000;

/** The reasons that a person can choose from, in the reader's words. */
export function faultChoices({ t }: Ctx) {
  return faults.map((value) => ({ value, label: t.t(`moderation.why.${value}`), hint: null }));
}
