import type { Ctx, Member, Role } from "../../../src/kit/index.js";
import type { Account } from "../../../src/features/accounts/account.js";
import { accounts } from "../../../src/features/accounts/accounts.feature.js";
import { accountsCollection } from "../../../src/features/accounts/accounts.js";
import type { Notification } from "../../../src/features/notifications/notification.js";
import { notifications } from "../../../src/features/notifications/notifications.feature.js";
import { notificationsCollection } from "../../../src/features/notifications/notifications.js";
import { answeringFeatures } from "../responses/support.js";
import type { City } from "../../support/city.js";

/** The civic heart, the town hall's answers, and who is told of them. */
export const tellingFeatures = [...answeringFeatures, accounts, notifications];

type SignedIn = Ctx & { readonly member: Member };

/** Somebody with a public face and an account whose address is confirmed. */
export async function aMember(
  city: City,
  name: string,
  change: Partial<Account> = {},
  ...roles: Role[]
): Promise<SignedIn> {
  const ctx = await city.newcomer(name, ...roles);
  const account: Account = {
    ...{ _id: ctx.member._id, mail: `${ctx.member._id}@valmont.example`, passwordHash: "-" },
    ...{ roles: ["citizen"], language: "fr", confirmedAt: city.clock.now() },
    ...{ suspendedAt: null, mailNotices: true, unsubscribeKey: "key", createdAt: city.clock.now() },
    ...change,
  };
  await ctx.collection(accountsCollection).insertOne(account);
  return ctx;
}

/** What a member was told, in order. */
export async function toldTo(ctx: SignedIn): Promise<Notification[]> {
  return ctx
    .collection(notificationsCollection)
    .find({ memberId: ctx.member._id }, { sort: { at: -1, _id: -1 } })
    .toArray();
}

/** The mails that went to a member, their unbreakable spaces written as plain ones. */
export function mailsTo(city: City, ctx: SignedIn) {
  const plain = (text: string): string => text.replace(/\u00a0/g, " ");
  return city.mails
    .filter(({ to }) => to.startsWith(ctx.member._id))
    .map((mail) => ({ ...mail, subject: plain(mail.subject), text: plain(mail.text) }));
}
