import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { blocksCollection } from "../records.js";

/** Who is not listened to; asked before anything is fetched or written. */
export type IsBlocked = (ctx: Ctx, names: readonly string[]) => Promise<boolean>;

/** Look the names (hosts, actors) up in the block list: one indexed read, kept ten seconds. */
export function createBlockList(): IsBlocked {
  const verdicts = new LRUCache<string, boolean>({ max: 20_000, ttl: 10_000 });
  return async (ctx, names) => {
    const key = `${ctx.instance._id} ${names.join(" ")}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const found = await ctx.collection(blocksCollection).findOne({ who: { $in: [...names] } });
    verdicts.set(key, found !== null);
    return found !== null;
  };
}

/** Takes one request of `who`; false when it comes too often. */
export type MayPass = (who: string, now: number) => boolean;

interface Bucket {
  left: number;
  at: number;
}

/** A bucket per name that holds a minute's worth; names that are silent are forgotten. */
export function createRateLimit(perMinute: number): MayPass {
  const buckets = new LRUCache<string, Bucket>({ max: 20_000, ttl: 120_000 });
  return (who, now) => {
    const bucket = buckets.get(who) ?? { left: perMinute, at: now };
    const refilled = bucket.left + ((now - bucket.at) / 60_000) * perMinute;
    bucket.left = Math.min(perMinute, refilled) - 1;
    bucket.at = now;
    buckets.set(who, bucket);
    if (bucket.left >= 0) return true;
    bucket.left = 0;
    return false;
  };
}
