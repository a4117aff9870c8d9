import {
  defineCollection,
  packCursor,
  Refusal,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Member,
  type Slice,
} from "../../kit/index.js";
import type { Notification } from "./notification.js";

/** Notifications older than this remove themselves. */
export const keptDays = 180;

/** The bell counts no further than this. */
export const mostUnread = 99;

export const notificationsCollection = defineCollection<Notification>("notifications", [
  { keys: { memberId: 1, occasion: 1, subjectId: 1 }, unique: true },
  { keys: { memberId: 1, at: -1, _id: -1 } },
  { keys: { memberId: 1, readAt: 1 } },
  { keys: { at: 1 }, expireAfterSeconds: keptDays * 24 * 3600 },
]);

function signedIn(ctx: Ctx): Member {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  return ctx.member;
}

/** How many notifications the member has not read, counted up to 99; none for a visitor. */
export async function unreadCount(ctx: Ctx): Promise<number> {
  if (ctx.member === null) return 0;
  return ctx
    .collection(notificationsCollection)
    .countDocuments({ memberId: ctx.member._id, readAt: null }, { limit: mostUnread });
}

/** A page of the member's notifications, the latest first. */
export async function notificationsOf(
  ctx: Ctx,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<Slice<Notification>> {
  const { _id: memberId } = signedIn(ctx);
  const rows = await ctx
    .collection(notificationsCollection)
    .find({ memberId, ...before(cursor) }, { sort: { at: -1, _id: -1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(rows, limit, (last) => packCursor([last.at, last._id]));
}

function before(cursor: string | null): object {
  if (cursor === null) return {};
  const [time = null, id = null] = unpackCursor(cursor, 2);
  const at = new Date(Number(time));
  return { $or: [{ at: { $lt: at } }, { at, _id: { $lt: String(id) } }] };
}

/** Mark one of the member's notifications as read; somebody else's is "not-found". */
export async function readNotification(ctx: Ctx, id: string): Promise<Notification> {
  const { _id: memberId } = signedIn(ctx);
  const rows = ctx.collection(notificationsCollection);
  const notification = await rows.findOne({ _id: id });
  if (notification === null || notification.memberId !== memberId) throw new Refusal("not-found");
  await rows.updateOne({ _id: id, readAt: null }, { $set: { readAt: ctx.clock.now() } });
  return notification;
}

/** Mark all of the member's notifications as read. */
export async function readAllNotifications(ctx: Ctx): Promise<void> {
  const { _id: memberId } = signedIn(ctx);
  await ctx
    .collection(notificationsCollection)
    .updateMany({ memberId, readAt: null }, { $set: { readAt: ctx.clock.now() } });
}

/** Forget everything a member was told (their account is gone). */
export async function forgetNotifications(ctx: Ctx, memberId: string): Promise<void> {
  await ctx.collection(notificationsCollection).deleteMany({ memberId });
}
