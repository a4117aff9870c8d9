import { availableParallelism } from "node:os";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Clock } from "../drivers/clock.js";
import { createFetchers, type Fetcher } from "../drivers/fetch.js";
import type { AroundFetch } from "../drivers/fetch/around.js";
import type { Contexts } from "../hosting/contexts.js";
import type { DeliveryOutcome } from "../hosting/metrics.js";
import type { Instance } from "../kit/index.js";
import { actorUri, instanceActor } from "./addresses.js";
import { createKeptActivities, type KeptActivities } from "./delivery/kept-activities.js";
import { createWellPeers, type WellPeers } from "./delivery/well-peers.js";
import { createNormalForm } from "./apex/normal-form.js";
import { createRateLimit } from "./inbox/gates.js";
import { createKeyNews } from "./key-notices.js";
import { guardedFetcher } from "./policy/guarded.js";
import { createPolicy, type Policy } from "./policy/policy.js";
import type { NormalForm } from "./port.js";
import { createFetchDocument, type FetchDocument, type JsonObject } from "./remote-document.js";
import { createDigest, type Digest } from "./signatures/digest.js";
import { createSchemeMemory, withSignatures } from "./signatures/double-knock.js";
import { createKeyCache, keysOf, sizeOfDocument } from "./signatures/key-cache.js";
import { createKeyLookUps } from "./signatures/key-look-ups.js";
import { createLookUps } from "./signatures/look-ups.js";
import { createKeyResolver, type KeyResolver } from "./signatures/keys.js";
import { createTurns, type Turns } from "./turns.js";
import { createVault, type MakePair, type Vault } from "./vault.js";

/** How long things take; tests and the demonstration hand in shorter times. */
export interface Timing {
  /** One Update of a proposal's figures per this time. */
  readonly coalesceMs: number;
  /** First wait after a delivery that failed. */
  readonly retryMs: number;
  /** Verified requests of one site per minute, and at once. */
  readonly inboxPerMinute: number;
  /** Keys that one host is asked for per minute, and at once, and that one client has us ask for. */
  readonly keysPerMinute: number;
  /** The same for all hosts of one registrable domain together at which no key was found yet. */
  readonly newKeysPerDomain: number;
  /** Activities that come within this time are given to their jobs together; 0: each at once. */
  readonly gatherMs: number;
  /** How long a process may not know yet that another one has blocked somebody or changed the mode. */
  readonly policyMs: number;
  /** How long a process may not know yet that another one heard of an actor's new keys, or its end. */
  readonly keyNewsMs: number;
  /** How long an actor's former key still signs after its keys were exchanged. */
  readonly keysOverlapMs: number;
  /** One request of a self-test may take this long. */
  readonly testMs: number;
  /** A host that takes longer to answer a delivery is slow, and is given fewer at once. */
  readonly slowMs: number;
}

const usualTiming: Timing = {
  coalesceMs: 60_000,
  retryMs: 30_000,
  inboxPerMinute: 1_200,
  keysPerMinute: 300,
  newKeysPerDomain: 60,
  gatherMs: 200,
  policyMs: 5_000,
  keyNewsMs: 60_000,
  keysOverlapMs: 3_600_000,
  testMs: 15_000,
  slowMs: 1_000,
};

/** What federation is made of. */
export interface FederationParts {
  readonly contexts: Contexts;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the software, as NodeInfo and the user agent name it. */
  readonly version: string;
  /** Reach private and loopback addresses: for demonstrations and tests only. */
  readonly allowPrivate: boolean;
  /** Is given each request that goes out to make. */
  readonly aroundFetch?: AroundFetch | undefined;
  /** Told what became of each try of a delivery. */
  readonly delivered?: ((outcome: DeliveryOutcome) => void) | undefined;
  readonly timing?: Partial<Timing>;
  /** Instead of making a new RSA pair of 2,048 bits each time; for tests, which have no time. */
  readonly makePair?: MakePair;
}

/** What an instance has ready for talking with others. */
export interface Reach extends KeyResolver {
  readonly fetcher: Fetcher;
  readonly fetchDocument: FetchDocument;
}

/** The parts that the pieces of this folder share; nothing of it outlives `createFederation`. */
export interface Services {
  readonly parts: FederationParts;
  readonly timing: Timing;
  readonly vault: Vault;
  readonly normal: NormalForm;
  /** With whom an instance talks, and how; what goes out through `reachOf` asks it by itself. */
  readonly policy: Policy;
  readonly activities: KeptActivities;
  readonly peers: WellPeers;
  /** Of what is delivered. */
  readonly digest: Digest;
  /** Told what became of each try of a delivery. */
  readonly delivered: (outcome: DeliveryOutcome) => void;
  /** The threads that sign deliveries, shared out so that whoever asks for pages has a core, too. */
  readonly signing: Turns;
  /** Actor documents that a signature has just proven, so that no job fetches them again. */
  readonly provenActors: LRUCache<string, JsonObject>;
  /** What homes of proposals said a moment ago of who answers there (see `answerersTold`). */
  readonly answerersAsked: LRUCache<string, boolean>;
  /**
   * The way out of an instance; its GETs are signed by its Application actor. Instances share their
   * connections and their places at each host, so that forgetting one ends nothing under way.
   */
  reachOf(instance: Instance): Reach;
  close(): Promise<void>;
}

/**
 * How many signatures are under way on so many cores: one core is left to whoever asks for pages. But
 * two wherever there is a second core: the end of one is only heard when this thread has time for it, and
 * the thread that signs would rest until then.
 */
function signaturesAtOnce(cores: number): number {
  return cores < 2 ? 1 : Math.max(2, cores - 1);
}

/** Make what the pieces share. */
export function createServices(parts: FederationParts): Services {
  const vault = createVault(parts.clock, parts.makePair);
  const keyCache = createKeyCache();
  const { version, allowPrivate } = parts;
  const timing = { ...usualTiming, ...parts.timing };
  const lookUps = createLookUps({
    ...{ perHost: timing.keysPerMinute, newPerDomain: timing.newKeysPerDomain },
  });
  const clients = createRateLimit(timing.keysPerMinute);
  const lookingFor = createKeyLookUps(parts.clock, { lookUps, clients });
  const memory = createSchemeMemory();
  const policy = createPolicy(timing.policyMs);
  const keyNews = createKeyNews(parts.clock, timing.keyNewsMs);
  const fetchers = createFetchers({ version, allowPrivate, around: parts.aroundFetch });
  const reaches = new LRUCache<string, Reach>({ max: 500 });

  function openReach(instance: Instance): Reach {
    const { clock, contexts } = parts;
    const uri = actorUri(instance, instanceActor);
    const ctx = contexts({ instance, member: null, language: instance.language });
    const fetcher = guardedFetcher(fetchers.of(instance.origin), ctx, policy);
    const signer = () => vault.signer(ctx, uri);
    const fetchDocument = createFetchDocument(withSignatures(fetcher, { signer, clock, memory }));
    const cache = keysOf(keyCache, instance._id);
    return {
      ...{ fetcher, fetchDocument },
      ...createKeyResolver({
        fetchDocument,
        clock,
        cache,
        lookUps,
        lookingFor,
        owner: instance._id,
        news: () => keyNews(ctx),
      }),
    };
  }

  return {
    parts,
    timing,
    vault,
    normal: createNormalForm(),
    policy,
    activities: createKeptActivities(),
    peers: createWellPeers(),
    digest: createDigest(),
    delivered: parts.delivered ?? (() => undefined),
    signing: createTurns(signaturesAtOnce(availableParallelism())),
    provenActors: new LRUCache({
      ...{ max: 2_000, maxSize: 10_000_000, ttl: 3_600_000 },
      sizeCalculation: sizeOfDocument,
    }),
    answerersAsked: new LRUCache({
      ...{ max: 10_000, maxSize: 2_000_000, ttl: 600_000 },
      sizeCalculation: (_answer, key) => key.length,
    }),
    reachOf(instance) {
      const known = reaches.get(instance._id);
      if (known !== undefined) return known;
      const opened = openReach(instance);
      reaches.set(instance._id, opened);
      return opened;
    },
    close: () => fetchers.close(),
  };
}
