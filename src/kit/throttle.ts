import type { Ctx } from "./context.js";
import { defineCollection } from "./records.js";
import { Refusal } from "./refusal.js";

interface Tally {
  readonly _id: string;
  readonly count: number;
  readonly expiresAt: Date;
}

/** How often things were tried lately; rows remove themselves. */
export const throttlesCollection = defineCollection<Tally>("throttles", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** At most `limit` tries of `what` by `who` in each window of `windowMs`. */
export interface Throttle {
  readonly what: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** Count one try. Throws `Refusal("too-many-tries")` once the window's limit is passed. */
export async function throttle(ctx: Ctx, rule: Throttle, who: string): Promise<void> {
  const now = ctx.clock.now().getTime();
  const window = Math.floor(now / rule.windowMs);
  const tally = await ctx.collection(throttlesCollection).findOneAndUpdate(
    { _id: `${ctx.instance._id}/${rule.what}/${who.slice(0, 200)}/${window}` },
    {
      $inc: { count: 1 },
      $setOnInsert: { expiresAt: new Date((window + 2) * rule.windowMs) },
    },
    { upsert: true, returnDocument: "after" },
  );
  if (tally !== null && tally.count > rule.limit) throw new Refusal("too-many-tries");
}
