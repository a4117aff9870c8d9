import type { Clock } from "../../drivers/clock.js";
import { registrableDomain } from "../../drivers/registrable-domain.js";
import type { RateLimit } from "../inbox/gates.js";
import type { LookUps } from "./look-ups.js";
import type { NoKey, VerifiedKey } from "./verify.js";

type Outcome = VerifiedKey | NoKey;

/** How many keys are looked for. */
export interface KeyLookUpLimits {
  /** At once, over all; more are answered `key-unreachable`. */
  readonly maxConcurrent?: number | undefined;
  /** At once in one registrable domain, so that a slow one leaves room for the others. */
  readonly maxPerDomain?: number | undefined;
  /** At once for one client, who has proven nothing yet; more are answered `too-many-keys`. */
  readonly maxPerClient?: number | undefined;
  /** How often may be asked where; what comes beyond is answered `too-many-keys`. */
  readonly lookUps?: LookUps | undefined;
  /** How often one client may have us ask; the same beyond it. */
  readonly clients?: RateLimit | undefined;
}

/** A key that is looked for. */
export interface KeyLookUp {
  /** Which of those who share the bounds looks: a server may show a key to one and not to another. */
  readonly owner: string;
  readonly keyId: string;
  /** Who has us look; null when we want to know ourselves. */
  readonly client: string | null;
}

interface UnderWay extends KeyLookUp {
  readonly domain: string;
  readonly work: Promise<Outcome>;
}

const unreachable: NoKey = { unavailable: "key-unreachable" };
/** What was not looked for, since too much was. */
export const tooMany: NoKey = { unavailable: "too-many-keys" };

/** The look-ups under way, of all who share their bounds. */
export interface KeyLookUps {
  /** What `find` finds, or why nobody looks. */
  look(asked: KeyLookUp, find: () => Promise<Outcome>): Promise<Outcome>;
}

/**
 * Bounds what strangers have us ask of others. All who ask for one key share one look-up; places are
 * shared out between the domains that are asked and between the clients that have us ask, so that
 * neither a silent server with many names nor one client that forges takes them all.
 */
export function createKeyLookUps(clock: Clock, limits: KeyLookUpLimits): KeyLookUps {
  const { maxConcurrent = 32, maxPerDomain = 8, maxPerClient = 8, lookUps, clients } = limits;
  const underWay = new Map<string, UnderWay>();

  function count(of: (one: UnderWay) => boolean): number {
    let found = 0;
    for (const one of underWay.values()) if (of(one)) found += 1;
    return found;
  }

  function refusal({ client }: KeyLookUp, host: string, domain: string): NoKey | null {
    const isClients = client !== null && count((one) => one.client === client) >= maxPerClient;
    if (isClients) return tooMany;
    if (underWay.size >= maxConcurrent) return unreachable;
    if (count((one) => one.domain === domain) >= maxPerDomain) return unreachable;
    const now = clock.now().getTime();
    const mayAsk = client === null || (clients?.take(client, now) ?? true);
    return mayAsk && (lookUps?.take(host, now) ?? true) ? null : tooMany;
  }

  return {
    look(asked, find) {
      const { keyId, owner } = asked;
      const name = `${owner} ${keyId}`;
      const running = underWay.get(name);
      if (running !== undefined) return running.work;
      const { host } = new URL(keyId);
      const domain = registrableDomain(host);
      const refused = refusal(asked, host, domain);
      if (refused !== null) return Promise.resolve(refused);
      const work = find().finally(() => underWay.delete(name));
      underWay.set(name, { ...asked, domain, work });
      return work;
    },
  };
}
