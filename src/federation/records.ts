import { defineCollection, type Instance } from "../kit/index.js";
import { blockersCollection } from "./blockers.js";
import { peersCollection } from "./delivery/peer-record.js";
import { keyNoticesCollection } from "./key-notices.js";
import { policyCollections } from "./policy/records.js";
import { censusCollection } from "./discovery/census.js";
import { movesCollection } from "./moves/record.js";
import { quotesCollection } from "./quotes/record.js";
import { rotationsCollection } from "./rotation-record.js";
import { selfTestsCollection } from "./self-test/self-test.js";

export { peersCollection, type Peer } from "./delivery/peer-record.js";

/** A local actor's key pairs. The only place where a private key is ever kept (the vault). */
export interface ActorKey {
  /** The actor's id. */
  readonly _id: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  /** The Ed25519 pair of its integrity proofs; rows of before lack it until it is needed. */
  readonly proof?: { readonly publicKeyMultibase: string; readonly privateKeyPem: string };
  readonly createdAt: Date;
  /** Counts the exchanges of keys; absent before the first, which is 1. */
  readonly generation?: number;
  /** The RSA key before an exchange, while others learn of the new one. */
  readonly former?: { readonly privateKeyPem: string; readonly generation: number };
}

/** Somebody elsewhere who follows a local actor; the pair is unique, the newest Follow's id is kept. */
export interface Follower {
  readonly _id: string;
  /** The local actor that is followed. */
  readonly actorUri: string;
  readonly followerUri: string;
  /** `sharedInbox ?? inbox`. */
  readonly target: string;
  readonly host: string;
  /** Another instance of this software: it is sent proposals, answers and comments, too. */
  readonly linked: boolean;
  readonly followUri: string;
  readonly at: Date;
  /** When they were looked for last because their inbox was not there. */
  readonly lookedForAt?: Date;
}

/** A local actor's wish to follow somebody elsewhere; valid once `accepted`. */
export interface Following {
  readonly _id: string;
  readonly actorUri: string;
  readonly targetUri: string;
  readonly host: string;
  readonly followUri: string;
  readonly state: "asked" | "accepted" | "refused";
  readonly at: Date;
}

/** What is known of an actor elsewhere; read again after a day (requirement 25). */
export interface RemoteActor {
  readonly _id: string;
  readonly uri: string;
  readonly type: string;
  readonly name: string;
  readonly username: string;
  readonly summary: string;
  readonly url: string;
  readonly host: string;
  readonly inbox: string;
  readonly sharedInbox: string | null;
  readonly followers: string | null;
  readonly outbox: string | null;
  /** Declares that it exchanges proposals as this software does. */
  readonly civicExchange: boolean;
  /** Of whom it is the actor, where it is that of an instance; rows of before may lack it. */
  readonly civicOf?: Instance["kind"] | null;
  /** When the account was opened, where its server tells; rows of before may lack it. */
  readonly bornAt?: Date | null;
  /** Digest of the keys that it listed then; rows of before lack it. */
  readonly keys?: string;
  /** Former addresses that it names as its own; rows of before lack it. */
  readonly alsoKnownAs?: readonly string[];
  readonly fetchedAt: Date;
  /** When it is forgotten, unless something here refers to it. */
  readonly forgetAt: Date;
}

/** A verified activity, kept before anything is done with it. */
export interface InboxEntry {
  /** Hash of instance, actor and activity id: the same activity is one entry (requirement 15). */
  readonly _id: string;
  readonly actorUri: string;
  readonly activityUri: string;
  readonly type: string;
  readonly objectUri: string | null;
  /** The bytes as they came, for forwarding and for a second run. */
  readonly body: string;
  /**
   * `proven`: sent by another actor, with its own actor's proof; `forwarded`: sent by another actor,
   * so that nothing in it is believed unfetched.
   */
  readonly trust: "signed" | "proven" | "forwarded";
  /** A linked instance sent it on, and answers for it. */
  readonly isVouched: boolean;
  /** The comment it made, changed or deleted; for forwarding. */
  readonly about: string | null;
  /** As of when it words that comment, where it edits it. */
  readonly saidAt?: Date;
  /** `handed`: its job is stored. */
  readonly state: "waiting" | "handed" | "done" | "refused";
  /** What came of it, in one word, for the administrator. */
  readonly outcome: string | null;
  /** How often a Follow, or its Undo, came again by the same id after it was acted on: each is anew. */
  readonly again?: number;
  /** The id of the POST by which it came last. */
  readonly request: string;
  /** A Follow whose Undo came since. */
  readonly undone?: boolean;
  readonly receivedAt: Date;
  readonly expiresAt: Date;
}

/** Somebody's like or boost of something of ours, so that it can be undone by either of its ids. */
export interface Reaction {
  readonly _id: string;
  readonly kind: "like" | "announce";
  readonly actorUri: string;
  readonly objectUri: string;
  readonly activityUri: string;
  readonly at: Date;
}

/** An activity of a local actor, its body stored once whatever the number of its recipients. */
export interface Activity {
  readonly _id: string;
  /** What it tells of, so that an event told twice is one activity; unique. */
  readonly key: string;
  readonly uri: string;
  readonly actorUri: string;
  readonly type: string;
  readonly objectUri: string;
  /** Listed in the actor's outbox. */
  readonly listed: boolean;
  readonly body: string;
  readonly audience: Audience;
  readonly at: Date;
  readonly fannedOutAt: Date | null;
  /** Pieces of its fan-out that are done, while more are to come; absent before the first. */
  readonly pieces?: number;
  /** Where the next piece begins. */
  readonly handedOut?: HandedOut;
  /** When it has served its time; null for what is listed or may still be undone. */
  readonly expiresAt: Date | null;
}

/** How far the fan-out of an activity has come. */
export interface HandedOut {
  /** Among the lists of its audience. */
  readonly list: number;
  /** The last inbox of that list which is done; empty for none. */
  readonly after: string;
  /** Deliveries made so far. */
  readonly given: number;
}

/** Who an activity is sent to. */
export interface Audience {
  /** All followers of these local actors. */
  readonly followersOf: readonly string[];
  /** The linked instances among the followers of these local actors. */
  readonly linkedOf: readonly string[];
  /** Every server that follows anything here, since any may hold a copy. */
  readonly everyone: boolean;
  readonly inboxes: readonly string[];
}

/** A delivery that did not go through yet; its job tries again by itself. */
export interface WaitingDelivery {
  /** Of the activity and the inbox. */
  readonly _id: string;
  readonly host: string;
  readonly activityId: string;
  readonly inbox: string;
  /** An administrator's own try succeeded: the job that still waits has nothing left to do. */
  readonly sent: boolean;
  readonly since: Date;
  readonly expiresAt: Date;
}

/** Something elsewhere that was deleted or undone: its owner's word for it is not taken any more. */
export interface Deleted {
  readonly _id: string;
  readonly uri: string;
  /** Whose word it is: an actor's, or its own address's where that answers that it is gone. */
  readonly by: string;
  /** The activity that told it. */
  readonly entryId: string;
  /** When that came, the last time. */
  readonly at: Date;
  readonly expiresAt: Date;
}

/** A figure for peers that is too large to be counted while somebody waits for it. */
export interface Figure {
  /** Hash of the instance, what is counted, and of what. */
  readonly _id: string;
  readonly total: number;
  readonly countedAt: Date;
  readonly expiresAt: Date;
}

export const keysCollection = defineCollection<ActorKey>("actorKeys", [{ keys: { _id: 1 } }]);

export const followersCollection = defineCollection<Follower>("remoteFollowers", [
  { keys: { actorUri: 1, followerUri: 1 }, unique: true },
  { keys: { actorUri: 1, target: 1 } },
  { keys: { actorUri: 1, linked: 1, target: 1 } },
  { keys: { followerUri: 1 } },
  { keys: { target: 1, lookedForAt: 1 } },
  { keys: { host: 1, actorUri: 1, target: 1 } },
]);

export const followingCollection = defineCollection<Following>("following", [
  { keys: { actorUri: 1, targetUri: 1 }, unique: true },
  { keys: { followUri: 1 } },
  { keys: { host: 1, state: 1 } },
  { keys: { targetUri: 1 } },
]);

export const remoteActorsCollection = defineCollection<RemoteActor>("remoteActors", [
  { keys: { uri: 1 }, unique: true },
  { keys: { host: 1, _id: 1 } },
  { keys: { forgetAt: 1 } },
]);

export const inboxCollection = defineCollection<InboxEntry>("inboxEntries", [
  { keys: { state: 1, receivedAt: 1 } },
  { keys: { about: 1, type: 1, receivedAt: 1 }, partialFilterExpression: { about: { $gt: "" } } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

export const reactionsCollection = defineCollection<Reaction>("reactions", [
  { keys: { kind: 1, actorUri: 1, objectUri: 1 }, unique: true },
  { keys: { activityUri: 1 } },
  { keys: { objectUri: 1, kind: 1 } },
]);

export const activitiesCollection = defineCollection<Activity>("activities", [
  { keys: { key: 1 }, unique: true },
  { keys: { actorUri: 1, listed: 1, _id: -1 } },
  { keys: { fannedOutAt: 1, at: 1 } },
  { keys: { objectUri: 1, type: 1, _id: 1 } },
  { keys: { type: 1, _id: 1 } },
  { keys: { _id: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

export const waitingCollection = defineCollection<WaitingDelivery>("waitingDeliveries", [
  { keys: { host: 1, sent: 1, since: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

export const deletedCollection = defineCollection<Deleted>("deletedElsewhere", [
  { keys: { uri: 1, by: 1 }, unique: true },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

export const figuresCollection = defineCollection<Figure>("figures", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** Every collection of the folder, for the manifest. */
export const federationCollections = [
  keysCollection,
  followersCollection,
  followingCollection,
  remoteActorsCollection,
  inboxCollection,
  reactionsCollection,
  activitiesCollection,
  peersCollection,
  waitingCollection,
  ...policyCollections,
  deletedCollection,
  figuresCollection,
  quotesCollection,
  movesCollection,
  rotationsCollection,
  censusCollection,
  selfTestsCollection,
  blockersCollection,
  keyNoticesCollection,
];
