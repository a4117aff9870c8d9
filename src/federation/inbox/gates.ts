import { LRUCache } from "lru-cache";

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
