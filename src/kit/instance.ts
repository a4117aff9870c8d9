import type { LimitChanges, Limits } from "./limits.js";

/** A site's language; texts exist in both. */
export type Language = "fr" | "en";

/** One city's or association's site, as stored. Its origin is permanent: it is inside every address. */
export interface InstanceRecord {
  readonly _id: string;
  /** Canonical host name, lower case, without port. */
  readonly host: string;
  /** Scheme, host and port, without a trailing slash: `https://parvis.example`. */
  readonly origin: string;
  /** Other host names that redirect here. */
  readonly aliases: readonly string[];
  readonly kind: "city" | "association";
  readonly name: string;
  /** The bare handle of its actor on the network, `[a-z0-9_]{1,30}`. */
  readonly handle: string;
  /** Who we are, in one line. */
  readonly tagline: string;
  readonly language: Language;
  /** IANA name, e.g. `Europe/Paris`. */
  readonly timezone: string;
  /** Hue of the civic colour in OKLCH degrees. */
  readonly hue: number;
  readonly state: InstanceState;
  /** SHA-256 of the one-time set-up link's token while `state` is `new`; null there while a command makes it. */
  readonly setUpTokenHash: string | null;
  /** When somebody began to set it up who has not ended; null or absent while nobody does. */
  readonly setUpBegunAt?: Date | null;
  readonly createdAt: Date;
  /** How the instance presents itself; absent until somebody sets it (`profileOf`). */
  readonly profile?: InstanceProfile;
  /** Why and since when it is suspended. */
  readonly suspension?: Suspension | null;
  /** What it may use, where that differs from the deployment's limits. */
  readonly limits?: Partial<Limits>;
  /** How far its deletion has come; kept for good once it is gone. */
  readonly deletion?: Deletion | null;
}

/** What an instance can be, from its beginning to its end. */
export const instanceStates = ["new", "active", "suspended", "deleted", "leaving", "gone"] as const;

/**
 * `new`: waits for its set-up, or is just being made; `suspended`: paused by who runs the deployment; `deleted`: may come back
 * until its grace ends; `leaving`: says goodbye to other servers while its data is removed; `gone`: a
 * tombstone, whose addresses are never used again.
 */
export type InstanceState = (typeof instanceStates)[number];

/** A pause, with the reason that visitors read; empty for none. */
export interface Suspension {
  readonly reason: string;
  readonly at: Date;
}

/** A deletion on its way. */
export interface Deletion {
  /** What the instance was, and is again when it comes back. */
  readonly before: InstanceState;
  readonly at: Date;
  /** Until then it can come back. */
  readonly until: Date;
  /** Another number with each thing of these that is written down; absent before the first. */
  readonly step?: number;
  /** Up to which actor other servers were told; absent before the first. */
  readonly toldUpTo?: string;
  /** When the last of them was told. */
  readonly toldAt?: Date;
  /** When only the tombstone was left to be known. */
  readonly goneAt?: Date;
  /** Up to where the queues were looked through for jobs of it; absent before the first. */
  readonly jobsUpTo?: string;
  /** When the last of its data had been removed. */
  readonly removedAt?: Date;
}

/** How an instance presents itself, here and on the network. */
export interface InstanceProfile {
  /** Who we are, in Markdown. */
  readonly description: string;
  readonly fields: readonly ProfileField[];
  /** A mail address or a web address to write to; empty for none. */
  readonly contact: string;
  /** Other sites that may name this instance as an author (Mastodon's `attributionDomains`). */
  readonly attributionDomains: readonly string[];
  /** Names of kept files, or null. */
  readonly logo: string | null;
  readonly banner: string | null;
  /** Counts how often it was saved; who changes it names the one they started from. */
  readonly version: number;
}

/** A line of a profile: a label with a text or a web address. */
export interface ProfileField {
  readonly label: string;
  readonly value: string;
}

/** Nobody has said anything. */
export const emptyProfile: InstanceProfile = {
  ...{ description: "", fields: [], contact: "", attributionDomains: [] },
  ...{ logo: null, banner: null, version: 0 },
};

/** How an instance presents itself; empty where nobody has said anything yet. */
export function profileOf({ profile }: Pick<InstanceRecord, "profile">): InstanceProfile {
  return { ...emptyProfile, ...profile };
}

/** Where a kept file of an instance is. */
export function mediaPath(name: string): string {
  return `/media/${name}`;
}

/** The instance a request or job acts for. */
export interface Instance extends InstanceRecord {
  /** Absolute address of a path on this instance. */
  url(path: string): string;
}

/** What may change after an instance was made; its origin never does. */
export type InstanceChange = Partial<
  Pick<
    InstanceRecord,
    | "name"
    | "tagline"
    | "language"
    | "timezone"
    | "hue"
    | "handle"
    | "kind"
    | "state"
    | "setUpTokenHash"
    | "setUpBegunAt"
    | "profile"
    | "suspension"
    | "deletion"
  >
> & { readonly limits?: LimitChanges };

/** Adds what is derived to a stored instance. */
export function instanceOf(record: InstanceRecord): Instance {
  return { ...record, url: (path) => record.origin + path };
}

/** How somebody of this instance is looked up on the network: `@handle@host`, with an unusual port. */
export function networkHandle(instance: Pick<Instance, "origin">, handle: string): string {
  return `@${handle}@${new URL(instance.origin).host}`;
}
