import { LRUCache } from "lru-cache";
import { registrableDomain } from "../../drivers/registrable-domain.js";
import { createRateLimit } from "../inbox/gates.js";

/** How often others may have us look for keys. */
export interface LookUps {
  /** Count one look-up at a host (as `URL.host` has it); false when there were too many. */
  take(host: string, now: number): boolean;
  /** A key was found at that host: it is no longer new to us. */
  proved(host: string): void;
}

/** The bounds, per minute and at once. */
export interface LookUpLimits {
  readonly perHost: number;
  /** Look-ups at hosts of one registrable domain where no key was found yet. */
  readonly newPerDomain: number;
}

/**
 * Bounds on looking for keys, which anybody can cause who can write a key id: per host, and per
 * registrable domain for hosts that have not proven a key, for whoever holds a domain can name as many
 * hosts in it as they like (Mastodon refuses more than ten new ones a minute). Hosts that are known
 * stay within reach while others of their domain are made up.
 */
export function createLookUps({ perHost, newPerDomain }: LookUpLimits): LookUps {
  const hosts = createRateLimit(perHost);
  const domains = createRateLimit(newPerDomain);
  const known = new LRUCache<string, true>({ max: 20_000 });
  return {
    take(host, now) {
      if (hosts.isSpent(host, now)) return false;
      if (!known.has(host) && !domains.take(registrableDomain(host), now)) return false;
      return hosts.take(host, now);
    },
    proved: (host) => void known.set(host, true),
  };
}
