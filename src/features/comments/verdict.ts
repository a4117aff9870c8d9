import type { Fault } from "../proposals/fault.js";

/** Why a comment of elsewhere waits for a moderator; each has words, `moderation.why.<code>`. */
export const holdReasons = [
  "first-comment",
  "many-mentions",
  "new-account",
  "automated",
  "limited-host",
  "answers-held",
] as const;

/** Why a comment of elsewhere is refused without a moderator. */
export const refuseReasons = [
  "blocked",
  "not-public",
  "too-many-mentions",
  "too-many-waiting",
  "answers-gone",
  "answers-refused",
  "withdrawn",
] as const;

/** A reason as it is stored: a code that has words. */
export type Why = (typeof holdReasons)[number] | (typeof refuseReasons)[number] | Fault;

/** What the network tells about a comment and who wrote it. */
export interface Provenance {
  readonly host: string;
  /** Whose the host is: the registered domain that it lies in, as names below it cost nothing. */
  readonly site: string;
  readonly isPublic: boolean;
  /** How many people it calls by name. */
  readonly mentions: number;
  /** Of a linked instance, or vouched for by one that sent it on. */
  readonly isLinked: boolean;
  /** Its author follows the proposal or the city. */
  readonly follows: boolean;
  /** Null when their server does not tell. */
  readonly accountAgeMs: number | null;
  /** The account says that it is run by a machine. */
  readonly isAutomated: boolean;
  /** An admin limited what its server may do here. */
  readonly isLimitedHost: boolean;
}

/** What decides whether a comment of elsewhere is shown. */
export interface Signals extends Provenance {
  readonly standing: "trusted" | "blocked" | null;
  /** Another comment of this author is shown here. */
  readonly wasShown: boolean;
  /** State of the comment that it answers; null when it answers the proposal. */
  readonly answers: "shown" | "held" | "refused" | "hidden" | "deleted" | null;
  readonly isWithdrawn: boolean;
  /** Comments that already wait, of this author, of this site, and of everybody. */
  readonly waiting: Readonly<Record<keyof typeof mostWaiting, number>>;
}

/** What becomes of it. */
export interface Verdict {
  readonly state: "shown" | "held" | "refused";
  readonly why: readonly Why[];
}

/** More mentions than this wait for a moderator (the waves of spam of 2024 and 2026). */
export const mostMentions = 5;
/** A reply that calls more people than this is taken for spam. */
export const spamMentions = 10;
/** Accounts younger than this are new. */
export const newAccountMs = 30 * 24 * 3_600_000;
/** So much of one author, of one site and of all waits at most; what comes on top is refused. */
export const mostWaiting = { ofAuthor: 10, ofSite: 200, ofAll: 2_000 } as const;

type Rule = readonly [Why, (signals: Signals) => boolean];

const refusing: readonly Rule[] = [
  ["blocked", ({ standing }) => standing === "blocked"],
  ["not-public", ({ isPublic }) => !isPublic],
  ["too-many-mentions", ({ mentions }) => mentions > spamMentions],
  ["withdrawn", ({ isWithdrawn }) => isWithdrawn],
  ["answers-refused", ({ answers }) => answers === "refused"],
  ["answers-gone", ({ answers }) => answers === "hidden" || answers === "deleted"],
];

/** Asked of everybody. */
const ofEverybody: readonly Rule[] = [
  ["answers-held", ({ answers }) => answers === "held"],
  ["many-mentions", ({ mentions }) => mentions > mostMentions],
];

/** Asked of whom no moderator has let through yet. */
const ofUntrusted: readonly Rule[] = [["limited-host", ({ isLimitedHost }) => isLimitedHost]];

/** Asked of those whom no linked instance answers for: following is free, and so proves little. */
const ofStrangers: readonly Rule[] = [
  ["first-comment", ({ follows, wasShown }) => !follows && !wasShown],
  ["new-account", ({ accountAgeMs }) => accountAgeMs !== null && accountAgeMs < newAccountMs],
  ["automated", ({ isAutomated }) => isAutomated],
];

/**
 * Whether a comment of elsewhere is shown, waits, or is refused. Known authors (let through by a
 * moderator before, of a linked instance, followers, already shown here) are shown at once; all
 * others wait, with every reason that there is.
 */
export function judgeComment(signals: Signals): Verdict {
  const against = refusing.find(([, holds]) => holds(signals))?.[0];
  if (against !== undefined) return { state: "refused", why: [against] };
  const isTrusted = signals.standing === "trusted";
  const rules = [
    ...(isTrusted || signals.isLinked ? [] : ofStrangers),
    ...(isTrusted ? [] : ofUntrusted),
    ...ofEverybody,
  ];
  const why = rules.filter(([, holds]) => holds(signals)).map(([code]) => code);
  if (why.length === 0) return { state: "shown", why };
  const { ofAuthor, ofSite, ofAll } = signals.waiting;
  const isFull =
    ofAuthor >= mostWaiting.ofAuthor || ofSite >= mostWaiting.ofSite || ofAll >= mostWaiting.ofAll;
  return isFull ? { state: "refused", why: ["too-many-waiting"] } : { state: "held", why };
}
