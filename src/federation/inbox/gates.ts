import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { blocksCollection } from "../records.js";

/** Who is not listened to; asked before anything is fetched or written. */
export type IsBlocked = (ctx: Ctx, names: readonly string[]) => Promise<boolean>;

/** Look the names (hosts, actors) up in the block list: one indexed read, kept ten seconds. */
export function createBlockList(): IsBlocked {
  const verdicts = new LRUCache<string, boolean>({
    ...{ max: 20_000, maxSize: 4_000_000, ttl: 10_000 },
    sizeCalculation: (_verdict, key) => key.length,
  });
  return async (ctx, names) => {
    const key = `${ctx.instance._id} ${names.join(" ")}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const found = await ctx.collection(blocksCollection).findOne({ who: { $in: [...names] } });
    verdicts.set(key, found !== null);
    return found !== null;
  };
}

/** How often somebody may come. */
export interface RateLimit {
  /** Count one of `who`; false when it comes too often. */
  take(who: string, now: number): boolean;
  /** Whether `who` has used up what it may; counts nothing. */
  isSpent(who: string, now: number): boolean;
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** A bucket per name that holds a minute's worth; names that are silent are forgotten. */
export function createRateLimit(perMinute: number): RateLimit {
  const buckets = new LRUCache<string, Bucket>({ max: 20_000, ttl: 120_000 });
  const leftOf = (who: string, now: number): number => {
    const { left, at } = buckets.get(who) ?? { left: perMinute, at: now };
    return Math.min(perMinute, left + ((now - at) / 60_000) * perMinute);
  };
  return {
    isSpent: (who, now) => leftOf(who, now) < 1,
    take(who, now) {
      const left = leftOf(who, now);
      const passes = left >= 1;
      buckets.set(who, { left: passes ? left - 1 : left, at: now });
      return passes;
    },
  };
}
