import { defineCollection } from "../../kit/index.js";

/**
 * With whom an instance talks. `open`: with everybody who is not blocked; `allow-list`: with listed
 * hosts and their subdomains; `closed`: with nobody.
 */
export type Mode = "open" | "allow-list" | "closed";

export const modes: readonly Mode[] = ["open", "allow-list", "closed"];

/** `blocked`: nothing in, nothing out; `limited`: what comes is held for moderators. */
export type Severity = "blocked" | "limited";

/** How an instance stands to the network. */
export interface Settings {
  readonly mode: Mode;
  /** Documents are given only to who signs for them (authorised fetch). */
  readonly signedReads: boolean;
}

/** The same as stored; one row an instance, its defaults when there is none. */
export interface NetworkSettings extends Settings {
  /** The instance's. */
  readonly _id: string;
  readonly changedAt: Date;
}

/** A server with all its subdomains, or a single actor, that we keep away from. */
export interface Block {
  readonly _id: string;
  /** A host as `canonicalHost` writes it, or an actor's id. */
  readonly who: string;
  /** Rows of before lack it: they are `blocked`. */
  readonly severity?: Severity;
  /** For everybody to read; rows of before lack both. */
  readonly publicReason?: string;
  /** For administrators alone. */
  readonly privateReason?: string;
  readonly at: Date;
}

/** A server with all its subdomains that an instance with an allow-list talks with. */
export interface AllowedHost {
  readonly _id: string;
  readonly host: string;
  readonly at: Date;
}

export const settingsCollection = defineCollection<NetworkSettings>("networkSettings", []);

export const blocksCollection = defineCollection<Block>("peerBlocks", [
  { keys: { who: 1 }, unique: true },
]);

export const allowedCollection = defineCollection<AllowedHost>("allowedHosts", [
  { keys: { host: 1 }, unique: true },
]);

/** Every collection of the folder, for the manifest. */
export const policyCollections = [settingsCollection, blocksCollection, allowedCollection];
