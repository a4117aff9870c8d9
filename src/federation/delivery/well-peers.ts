import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { createTogether } from "../../kit/look-ups.js";
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
  /** When a host was to be looked up again last, in the order of all that was forgotten. */
  const forgotten = new LRUCache<string, number>({ max: 20_000 });
  let forgets = 0;
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
      const before = forgets;
      const found = await lookUp(ctx, host);
      const stands = (forgotten.get(key) ?? 0) <= before;
      if (found !== null && isWell(found) && stands) kept.set(key, found);
      return found;
    },
    forget(ctx, host) {
      const key = keyOf(ctx, host);
      forgets += 1;
      forgotten.set(key, forgets);
      kept.delete(key);
    },
  };
}
