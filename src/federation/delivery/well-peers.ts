import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { createInFlight, createTogether } from "../../kit/look-ups.js";
import type { Peer } from "../records.js";
import { isWell, peersAmong } from "./peers.js";

/** The servers that did well a moment ago, so that not every delivery to one looks up how it does. */
export interface WellPeers {
  /**
   * What is known of a host, or null; of one that does well, as it was five seconds ago at the earliest.
   * What many ask at once is one look-up.
   */
  of(ctx: Ctx, host: string): Promise<Peer | null>;
  /** Have it looked up again: something of it was changed. */
  forget(ctx: Ctx, host: string): void;
}

/** For so long a process may not know yet that a host rests because of what another one noted. */
const keptMs = 5_000;

/** Make room for the rows of hosts that do well; how the others do is looked up each time. */
export function createWellPeers(): WellPeers {
  const kept = new LRUCache<string, Peer>({ max: 20_000, ttl: keptMs });
  const reading = createInFlight<Peer | null>();
  const together = createTogether<ReadonlyMap<string, Peer>>();
  const asked = new Map<string, Set<string>>();
  const keyOf = (ctx: Ctx, host: string): string => `${ctx.instance._id} ${host}`;

  /** Looks up all hosts that are asked for until the look-up begins. */
  async function lookUp(ctx: Ctx, host: string): Promise<Peer | null> {
    const { _id } = ctx.instance;
    const hosts = asked.get(_id) ?? new Set<string>();
    asked.set(_id, hosts.add(host));
    const found = await together(_id, () => {
      asked.delete(_id);
      return peersAmong(ctx, [...hosts]);
    });
    return found.get(host) ?? null;
  }

  return {
    async of(ctx, host) {
      const key = keyOf(ctx, host);
      const known = kept.get(key);
      if (known !== undefined) return known;
      return reading.of(
        key,
        () => lookUp(ctx, host),
        (found) => void (found !== null && isWell(found) && kept.set(key, found)),
      );
    },
    forget(ctx, host) {
      const key = keyOf(ctx, host);
      reading.forget(key);
      kept.delete(key);
    },
  };
}
