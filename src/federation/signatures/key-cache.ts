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

/** Where keys are kept: bounded, in memory, shared by the instances of one process. */
export interface KeyCache {
  get(keyId: string): KeyEntry | undefined;
  set(keyId: string, entry: KeyEntry): void;
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

/**
 * A cache of `size` keys and as many failures. Failures are kept apart, so that a flood of invented
 * key ids cannot push out the keys of real peers; and no number of huge actor documents fills the
 * memory.
 */
export function createKeyCache(size = 5_000): KeyCache {
  const keys = new LRUCache<string, KeyEntry>({
    ...{ max: size, maxSize: mostCharacters },
    sizeCalculation: sizeOf,
  });
  const failures = new LRUCache<string, KeyEntry>({ max: size });
  return {
    get: (keyId) => keys.get(keyId) ?? failures.get(keyId),
    set(keyId, entry) {
      const isFailure = "unavailable" in entry.outcome;
      (isFailure ? keys : failures).delete(keyId);
      (isFailure ? failures : keys).set(keyId, entry);
    },
  };
}
