import { z } from "zod";
import { defineJob, GiveUp, on, patientMailTries, sendLetter, type Ctx } from "../../kit/index.js";
import { personById } from "../people/people.js";
import type { Account } from "./account.js";
import { accountOf, memberRegistered } from "./accounts.js";
import { issueToken } from "./mail-tokens.js";

const payload = z.object({ memberId: z.string() });

/** Ask to confirm the address, unless it was meanwhile. */
export const sendWelcome = defineJob({
  name: "accounts.welcome",
  queue: "mail",
  payload,
  attempts: patientMailTries,
  async run(ctx, { memberId }) {
    const account = await accountOf(ctx, memberId);
    if (account?.confirmedAt === null) await sendConfirmation(ctx, account);
  },
});

/** After registering: ask to confirm the address. */
export const welcome = on(memberRegistered, "welcome", (ctx, { memberId }) =>
  ctx.enqueue(sendWelcome, { memberId }, { id: `welcome/${memberId}` }),
);

/** Somebody registered again: tell the owner of the address, and nobody else. */
export const remindOfAccount = defineJob({
  name: "accounts.remind",
  queue: "mail",
  payload,
  async run(ctx, { memberId }) {
    const account = await existing(ctx, memberId);
    if (account.confirmedAt === null) return sendConfirmation(ctx, account);
    const link = ctx.instance.url("/sign-in");
    await letter(ctx, account, "accounts.letters.reminder", { link, reset: resetLink(ctx) });
  },
});

/** The link to choose a new password. */
export const sendReset = defineJob({
  name: "accounts.reset",
  queue: "mail",
  payload,
  async run(ctx, { memberId }) {
    const account = await existing(ctx, memberId);
    const token = await issueToken(ctx, memberId, "reset");
    await letter(ctx, account, "accounts.letters.reset", {
      link: ctx.instance.url(`/reset/${token}`),
    });
  },
});

async function sendConfirmation(ctx: Ctx, account: Account): Promise<void> {
  const token = await issueToken(ctx, account._id, "confirm");
  await letter(ctx, account, "accounts.letters.confirm", {
    link: ctx.instance.url(`/confirm/${token}`),
  });
}

async function existing(ctx: Ctx, memberId: string): Promise<Account> {
  const account = await accountOf(ctx, memberId);
  if (account === null) throw new GiveUp("the account is gone");
  return account;
}

function resetLink(ctx: Ctx): string {
  return ctx.instance.url("/forgotten");
}

/** A letter about somebody's account, or what they administrate. */
export async function letter(
  ctx: Ctx,
  account: Account,
  key: string,
  params: Readonly<Record<string, string | number>>,
): Promise<void> {
  const person = await personById(ctx, account._id);
  await sendLetter(ctx, {
    to: account.mail,
    language: account.language,
    key,
    params: { ...params, name: person?.name ?? "" },
    about: `${key}/${account._id}/${ctx.ids.next()}`,
    ...{ unsubscribeUrl: null, kind: "account" },
  });
}
