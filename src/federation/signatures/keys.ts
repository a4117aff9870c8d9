import type { KeyObject } from "node:crypto";
import { FetchRefused } from "../../drivers/fetch.js";
import type { Clock } from "../../drivers/clock.js";
import { originOf, type FetchDocument, type JsonObject } from "../remote-document.js";
import { isKeyDocument, keyMaterial, listingOf, ownerOf } from "./key-documents.js";
import { createKeyCache, sizeOfDocument, type KeyCache, type KeyEntry } from "./key-cache.js";
import {
  createKeyLookUps,
  tooMany,
  type KeyLookUpLimits,
  type KeyLookUps,
} from "./key-look-ups.js";
import type { NoKey, ResolveKey, VerifiedKey } from "./verify.js";

const minute = 60 * 1000;
const keyTtlMs = 24 * 60 * minute;
const refetchPauseMs = 5 * minute;
const failureTtlMs = 10 * minute;
const unreachableTtlMs = minute;
const goneTtlMs = 7 * 24 * 60 * minute;
/** Other servers answer within a second or two; whoever forges may name one that never does. */
const usualPatienceMs = 5_000;

/** Characters of an actor's JSON: others write a few thousand, and we keep many. */
const largestActor = 256 * 1024;

/** What a key resolver is made of. */
export interface KeyResolverOptions extends KeyLookUpLimits {
  readonly fetchDocument: FetchDocument;
  readonly clock: Clock;
  readonly cache?: KeyCache | undefined;
  /** Shared with the resolvers of other instances, so that its bounds hold over all of them. */
  readonly lookingFor?: KeyLookUps | undefined;
  /** Whose keys are looked for, among those who share that. */
  readonly owner?: string | undefined;
  /** The owners whose keys another process was told of; what is kept of theirs is forgotten first. */
  readonly news?: (() => Promise<readonly string[]>) | undefined;
  /** How long a look may take: nobody has proven anything yet who has us wait. */
  readonly patienceMs?: number | undefined;
}

/** Proves whose keys are whose. */
export interface KeyResolver {
  readonly resolveKey: ResolveKey;
  /** Forget the keys of an actor that its own document, read just now, lists no more or otherwise. */
  forgetReplaced(actor: JsonObject): void;
}

const notOwned: NoKey = { unavailable: "key-not-owned" };
const notFound: NoKey = { unavailable: "key-not-found" };
const withheld: NoKey = { unavailable: "key-withheld" };
const unreachable: NoKey = { unavailable: "key-unreachable" };

function fromFailure(error: unknown): NoKey {
  if (!(error instanceof FetchRefused)) throw error;
  if (error.isGone) return { unavailable: "key-gone" };
  if (error.code === "id-mismatch") return notOwned;
  if (error.status === 401 || error.status === 403) return withheld;
  return error.isPassing ? unreachable : notFound;
}

function ttlOf(outcome: VerifiedKey | NoKey): number {
  if (!("unavailable" in outcome)) return keyTtlMs;
  if (outcome.unavailable === "key-gone") return goneTtlMs;
  return outcome.unavailable === "key-unreachable" ? unreachableTtlMs : failureTtlMs;
}

function proven(keyId: string, actor: JsonObject, key: KeyObject | null): VerifiedKey | NoKey {
  const owner = actor["id"];
  if (key === null || typeof owner !== "string") return notFound;
  if (sizeOfDocument(actor) > largestActor) return notFound;
  return { keyId, owner, key, actor };
}

async function viaKeyDocument(
  fetchDocument: FetchDocument,
  keyId: string,
  keyDocument: JsonObject,
): Promise<VerifiedKey | NoKey> {
  const owner = ownerOf(keyDocument);
  if (keyDocument["id"] !== keyId || owner === null) return notOwned;
  if (originOf(owner) !== originOf(keyId)) return notOwned;
  const { id, document: actor } = await fetchDocument(owner);
  if (id !== owner) return notOwned;
  const listing = listingOf(actor, keyId);
  if (listing.kind === "none") return notOwned;
  return proven(keyId, actor, keyMaterial(listing.kind === "embedded" ? listing.key : keyDocument));
}

/**
 * Prove whose key a key id is: the key leads to its owner, and the owner's document, fetched from
 * the owner's own id, lists this exact key id; both are of one origin. A key document by itself
 * proves nothing (that was Fedify's GHSA-q9f8-5hc7-898f). Throws what `fetchDocument` throws.
 */
async function findKey(fetchDocument: FetchDocument, keyId: string): Promise<VerifiedKey | NoKey> {
  const { id, document } = await fetchDocument(keyId);
  if (originOf(id) !== originOf(keyId)) return notOwned;
  if (isKeyDocument(document)) return viaKeyDocument(fetchDocument, keyId, document);
  const listing = listingOf(document, keyId);
  return listing.kind === "embedded" ? proven(keyId, document, keyMaterial(listing.key)) : notOwned;
}

function isListedAs(actor: JsonObject, keyId: string, entry: KeyEntry | undefined): boolean {
  if (entry === undefined || "unavailable" in entry.outcome) return false;
  const listing = listingOf(actor, keyId);
  if (listing.kind !== "embedded") return false;
  return keyMaterial(listing.key)?.equals(entry.outcome.key) ?? false;
}

/**
 * Resolve key ids to keys whose ownership is proven. Keys are kept 24 hours; a refresh is declined
 * within five minutes of the last attempt; failures are remembered ten minutes (a minute when the
 * host was out of reach), a 410 for a week; `news` ends what is kept. Concurrent questions about one key share one fetch.
 */
export function createKeyResolver(options: KeyResolverOptions): KeyResolver {
  const { fetchDocument, clock, cache = createKeyCache(), patienceMs = usualPatienceMs } = options;
  const { owner = "", lookingFor = createKeyLookUps(clock, options) } = options;

  function remember(keyId: string, held: KeyEntry | undefined, outcome: VerifiedKey | NoKey): void {
    const at = clock.now().getTime();
    const isHeldGood = held !== undefined && !("unavailable" in held.outcome);
    const isFresh = isHeldGood && at - held.foundAt < keyTtlMs;
    // A host that is down for a moment, or that will not let us look, must not cost us a key that is
    // still good: whoever forges its id would have us look.
    const isSpared = outcome === unreachable ? isHeldGood : outcome === withheld && isFresh;
    if (held !== undefined && isSpared) cache.set(keyId, { ...held, triedAt: at });
    else cache.set(keyId, { outcome, foundAt: at, triedAt: at });
  }

  async function find(keyId: string, held: KeyEntry | undefined): Promise<VerifiedKey | NoKey> {
    const signal = AbortSignal.timeout(patienceMs);
    const patient: FetchDocument = (url) => fetchDocument(url, { signal });
    const outcome = await findKey(patient, keyId).catch(fromFailure);
    remember(keyId, held, outcome);
    if (!("unavailable" in outcome)) options.lookUps?.proved(new URL(keyId).host);
    return outcome;
  }

  /** Failures are not heeded: they are kept for minutes, or say that the owner is gone. */
  async function heed(): Promise<void> {
    for (const one of (await options.news?.()) ?? []) {
      for (const keyId of cache.ownedBy(one)) cache.delete(keyId);
    }
  }

  const resolveKey: ResolveKey = async (keyId, { refresh = false, client = null } = {}) => {
    if (cache.get(keyId) !== undefined) await heed();
    const held = cache.get(keyId);
    const look = () => lookingFor.look({ owner, keyId, client }, () => find(keyId, held));
    if (held === undefined) return look();
    const now = clock.now().getTime();
    const sinceTried = now - held.triedAt;
    if (now - held.foundAt < ttlOf(held.outcome)) {
      const mayRefresh = refresh && sinceTried >= refetchPauseMs;
      if (!mayRefresh) return held.outcome;
      const renewed = await look();
      return renewed === tooMany ? held.outcome : renewed;
    }
    const wasJustTried = held.triedAt > held.foundAt && sinceTried < unreachableTtlMs;
    return wasJustTried ? unreachable : look();
  };

  return {
    resolveKey,
    forgetReplaced(actor) {
      const owner = actor["id"];
      for (const keyId of typeof owner === "string" ? cache.ownedBy(owner) : []) {
        if (!isListedAs(actor, keyId, cache.get(keyId))) cache.delete(keyId);
      }
    },
  };
}
