import { LRUCache } from "lru-cache";
import type { JsonObject } from "../remote-document.js";
import type { NoKey, VerifiedKey } from "./verify.js";

/** What is remembered of a key id. Times are milliseconds since 1970. */
export interface KeyEntry {
  readonly outcome: VerifiedKey | NoKey;
  /** When `outcome` was found. */
  readonly foundAt: number;
  /** When the key was last asked for, successfully or not. */
  readonly triedAt: number;
}

/** Where keys are kept: bounded, in memory. */
export interface KeyCache {
  get(keyId: string): KeyEntry | undefined;
  set(keyId: string, entry: KeyEntry): void;
  delete(keyId: string): void;
  /** Ids of the kept keys that belong to an actor. */
  ownedBy(owner: string): readonly string[];
}

/** Characters of JSON that the kept keys' actor documents may have, all together. */
const mostCharacters = 20_000_000;

/** How much of a cache a document takes up: the characters of its JSON. */
export function sizeOfDocument(document: JsonObject): number {
  return JSON.stringify(document).length;
}

function sizeOf({ outcome }: KeyEntry): number {
  return "unavailable" in outcome ? 1 : sizeOfDocument(outcome.actor);
}

function ownerIn({ outcome }: KeyEntry): string {
  return "unavailable" in outcome ? "" : outcome.owner;
}

/** Which keys are whose, as long as they are kept. */
function createOwners() {
  const owned = new Map<string, Set<string>>();
  return {
    of: (owner: string): readonly string[] => [...(owned.get(owner) ?? [])],
    add(owner: string, keyId: string): void {
      const theirs = owned.get(owner) ?? new Set();
      owned.set(owner, theirs.add(keyId));
    },
    remove(owner: string, keyId: string): void {
      const theirs = owned.get(owner);
      theirs?.delete(keyId);
      if (theirs?.size === 0) owned.delete(owner);
    },
  };
}

/**
 * A cache of `size` keys and as many failures. Failures are kept apart, so that a flood of invented
 * key ids cannot push out the keys of real peers; and no number of huge actor documents fills the
 * memory.
 */
export function createKeyCache(size = 5_000): KeyCache {
  const owners = createOwners();
  const keys = new LRUCache<string, KeyEntry>({
    ...{ max: size, maxSize: mostCharacters },
    sizeCalculation: sizeOf,
    dispose: (entry, keyId) => owners.remove(ownerIn(entry), keyId),
  });
  const failures = new LRUCache<string, KeyEntry>({ max: size });
  return {
    get: (keyId) => keys.get(keyId) ?? failures.get(keyId),
    set(keyId, entry) {
      const isFailure = "unavailable" in entry.outcome;
      (isFailure ? keys : failures).delete(keyId);
      (isFailure ? failures : keys).set(keyId, entry);
      if (keys.has(keyId)) owners.add(ownerIn(entry), keyId);
    },
    delete(keyId) {
      keys.delete(keyId);
      failures.delete(keyId);
    },
    ownedBy: owners.of,
  };
}

/**
 * One instance's part of a cache that several share: a server that shows its actors to one instance
 * and not to another is known to each as it is to it, within one bound for all.
 */
export function keysOf(cache: KeyCache, instanceId: string): KeyCache {
  const own = `${instanceId} `;
  return {
    get: (keyId) => cache.get(own + keyId),
    set: (keyId, entry) => cache.set(own + keyId, entry),
    delete: (keyId) => cache.delete(own + keyId),
    ownedBy: (owner) =>
      cache
        .ownedBy(owner)
        .filter((one) => one.startsWith(own))
        .map((one) => one.slice(own.length)),
  };
}
