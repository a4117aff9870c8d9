import {
  defineCollection,
  insertOnce,
  Refusal,
  throttle,
  type Ctx,
  type Member,
} from "../../kit/index.js";
import type { Follow } from "./follow.js";

export const followsCollection = defineCollection<Follow>("follows", [
  { keys: { memberId: 1, kind: 1, targetId: 1 }, unique: true },
  { keys: { kind: 1, targetId: 1, memberId: 1 } },
]);

const pressing = { what: "follows", limit: 120, windowMs: 10 * 60_000 };

function signedIn(ctx: Ctx): Member {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  return ctx.member;
}

/** The member hears of what happens to a proposal or topic from now on; twice changes nothing. */
export async function follow(ctx: Ctx, kind: Follow["kind"], targetId: string): Promise<void> {
  const member = signedIn(ctx);
  await throttle(ctx, pressing, member._id);
  const wish: Follow = {
    ...{ _id: ctx.ids.next(), memberId: member._id, kind, targetId },
    at: ctx.clock.now(),
  };
  await insertOnce(() => ctx.collection(followsCollection).insertOne(wish));
}

/** The member no longer follows it; without a follow nothing changes. */
export async function unfollow(ctx: Ctx, kind: Follow["kind"], targetId: string): Promise<void> {
  const member = signedIn(ctx);
  await throttle(ctx, pressing, member._id);
  await ctx.collection(followsCollection).deleteOne({ memberId: member._id, kind, targetId });
}

/** Whether the member follows it; a visitor follows nothing. */
export async function isFollowing(
  ctx: Ctx,
  kind: Follow["kind"],
  targetId: string,
): Promise<boolean> {
  if (ctx.member === null) return false;
  const found = await ctx
    .collection(followsCollection)
    .findOne({ memberId: ctx.member._id, kind, targetId });
  return found !== null;
}

/** The next 200 members who follow it, by id after `after`; none when all were given. */
export async function followersOf(
  ctx: Ctx,
  kind: Follow["kind"],
  targetId: string,
  after: string | null,
): Promise<string[]> {
  const found = await ctx
    .collection(followsCollection)
    .find(
      { kind, targetId, memberId: { $gt: after ?? "" } },
      { sort: { memberId: 1 }, limit: 200, projection: { memberId: 1 } },
    )
    .toArray();
  return found.map(({ memberId }) => memberId);
}

/** Forget everything a member follows (their account is gone). */
export async function forgetFollows(ctx: Ctx, memberId: string): Promise<void> {
  await ctx.collection(followsCollection).deleteMany({ memberId });
}
