import { insertMissing, type Ctx } from "../../kit/index.js";
import type { Account } from "../accounts/account.js";
import { accountsByIds } from "../accounts/accounts.js";
import { mailNotice, noticeYieldsMs } from "./mailing.js";
import type { News, Notification } from "./notification.js";
import { notificationsCollection } from "./notifications.js";

/** One mail an hour tells of comments on the same proposal; the others wait on the site. */
const commentMailEveryMs = 3_600_000;

/** Whether mails about news may go to this account now. */
export function wantsMail(account: Account): boolean {
  return account.mailNotices && account.confirmedAt !== null && account.suspendedAt === null;
}

/**
 * Tell up to a few hundred people of something, each once: people without an account here and the one
 * who did it are left out. Run again after a crash, it adds what is missing and asks for the mails
 * that are still due.
 */
export async function notify(ctx: Ctx, news: News, personIds: readonly string[]): Promise<void> {
  const { occasion, subjectId } = news;
  const accounts = await accountsByIds(
    ctx,
    personIds.filter((id) => id !== news.by),
  );
  const memberIds = [...accounts.keys()];
  if (memberIds.length === 0) return;
  const rows = ctx.collection(notificationsCollection);
  const told = () =>
    rows
      .find({ memberId: { $in: memberIds }, occasion, subjectId }, { limit: memberIds.length })
      .toArray();
  const known = new Set((await told()).map(({ memberId }) => memberId));
  const fresh = [...accounts.values()].filter(({ _id }) => !known.has(_id));
  await insertMissing(rows, await Promise.all(fresh.map((account) => rowFor(ctx, news, account))));
  const all = await told();
  if (all.length < memberIds.length) throw new Error("some notifications could not be stored");
  await ctx.enqueueAll(
    mailNotice,
    all
      .filter(({ mail }) => mail === "due")
      .map(({ _id }, at) => ({
        payload: { notificationId: _id },
        options: { id: `notice/${_id}`, yieldsMs: noticeYieldsMs(at) },
      })),
  );
}

async function rowFor(
  ctx: Ctx,
  { occasion, subjectId, proposalId }: News,
  account: Account,
): Promise<Notification> {
  const mailed = wantsMail(account) && (await isWorthMail(ctx, occasion, proposalId, account._id));
  return {
    ...{ _id: ctx.ids.next(), memberId: account._id, occasion, subjectId, proposalId },
    ...{ at: ctx.clock.now(), readAt: null, mail: mailed ? "due" : "none" },
  };
}

/** A withdrawal is told on the site alone, a rush of comments by one mail: mails stay welcome. */
async function isWorthMail(
  ctx: Ctx,
  occasion: News["occasion"],
  proposalId: string,
  memberId: string,
): Promise<boolean> {
  if (occasion === "proposal-withdrawn" || occasion === "response-withdrawn") return false;
  if (occasion !== "comment-on-yours") return true;
  const since = new Date(ctx.clock.now().getTime() - commentMailEveryMs);
  const lately = await ctx
    .collection(notificationsCollection)
    .find({ memberId, at: { $gt: since } }, { sort: { at: -1, _id: -1 }, limit: 200 })
    .toArray();
  return !lately.some(
    (told) => told.proposalId === proposalId && told.occasion === occasion && told.mail !== "none",
  );
}
