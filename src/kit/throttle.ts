import { isIPv6 } from "node:net";
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

/**
 * Count one try by `who`: a member's id, a mail address or an IP address (of IPv6 the network of 64
 * bits, which one household has to itself). Throws `Refusal("too-many-tries")` once the window's
 * limit is passed.
 */
export async function throttle(ctx: Ctx, rule: Throttle, who: string): Promise<void> {
  const now = ctx.clock.now().getTime();
  const window = Math.floor(now / rule.windowMs);
  const tally = await ctx.collection(throttlesCollection).findOneAndUpdate(
    { _id: `${ctx.instance._id}/${rule.what}/${networkOf(who).slice(0, 200)}/${window}` },
    {
      $inc: { count: 1 },
      $setOnInsert: { expiresAt: new Date((window + 2) * rule.windowMs) },
    },
    { upsert: true, returnDocument: "after" },
  );
  if (tally !== null && tally.count > rule.limit) throw new Refusal("too-many-tries");
}

function networkOf(who: string): string {
  if (!isIPv6(who) || who.includes(".")) return who;
  const [head = "", tail] = (who.split("%")[0] ?? "").split("::");
  const before = head.split(":").filter((part) => part !== "");
  const after = (tail ?? "").split(":").filter((part) => part !== "");
  const gap = Array<string>(8 - before.length - after.length).fill("0");
  const groups = [...before, ...gap, ...after].map((part) =>
    Number.parseInt(part, 16).toString(16),
  );
  return `${groups.slice(0, 4).join(":")}::/64`;
}
