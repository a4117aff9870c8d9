import { endSessions } from "../../hosting/session.js";
import { isDuplicate, Refusal, throttle, type Ctx } from "../../kit/index.js";
import { assertNotObvious, type Account } from "./account.js";
import { remindOfAccount, sendReset } from "./accounts.jobs.js";
import {
  accountOf,
  accountsCollection,
  insertAccount,
  newAccount,
  type NewAccount,
} from "./accounts.js";
import { endTokens, tokenOwner } from "./mail-tokens.js";
import { hashPassword, passwordMatches } from "./passwords.js";

/**
 * Register by mail and password. Whether the address has an account already is told to its owner
 * by mail only. Throws `too-many-tries`, or `invalid-form` for an obvious password.
 */
export async function register(ctx: Ctx, input: NewAccount, ip: string): Promise<void> {
  await throttle(ctx, { what: "register", limit: 20, windowMs: 3_600_000 }, ip);
  assertNotObvious(input.password, input.mail, input.name);
  await throttleMail(ctx, input.mail);
  const account = await newAccount(ctx, { ...input, roles: ["citizen"], confirmed: false });
  try {
    await insertAccount(ctx, account, input.name);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const known = await ctx.collection(accountsCollection).findOne({ mail: input.mail });
    if (known !== null) await ctx.enqueue(remindOfAccount, { memberId: known._id });
  }
}

/** Confirm an address by the link sent to it; returns the member. Throws `link-expired`. */
export async function confirmMail(ctx: Ctx, token: string): Promise<string> {
  const memberId = await tokenOwner(ctx, token, "confirm");
  await ctx
    .collection(accountsCollection)
    .updateOne({ _id: memberId }, { $set: { confirmedAt: ctx.clock.now() } });
  await endTokens(ctx, memberId, "confirm");
  return memberId;
}

/** Send a link to choose a new password, if the address has an account; the answer never tells. */
export async function askForReset(ctx: Ctx, mail: string, ip: string): Promise<void> {
  await throttle(ctx, { what: "reset", limit: 20, windowMs: 3_600_000 }, ip);
  await throttleMail(ctx, mail);
  const account = await ctx.collection(accountsCollection).findOne({ mail });
  if (account !== null) await ctx.enqueue(sendReset, { memberId: account._id });
}

/**
 * Choose a new password by the link sent; ends every session, and confirms the address, which the
 * link has just proven. Returns the member. Throws `link-expired` or `invalid-form`.
 */
export async function resetPassword(ctx: Ctx, token: string, password: string): Promise<string> {
  const memberId = await tokenOwner(ctx, token, "reset");
  const account = await accountOf(ctx, memberId);
  if (account === null) throw new Refusal("link-expired");
  assertNotObvious(password, account.mail, "");
  const passwordHash = await hashPassword(password);
  const confirmedAt = account.confirmedAt ?? ctx.clock.now();
  await ctx
    .collection(accountsCollection)
    .updateOne({ _id: memberId }, { $set: { passwordHash, confirmedAt } });
  await endTokens(ctx, memberId, "reset");
  await endSessions(ctx, memberId);
  return memberId;
}

/**
 * Recognise somebody by mail (empty when what was typed is no address) and password. Throws `wrong-credentials`
 * or `too-many-tries`.
 */
export async function recognise(
  ctx: Ctx,
  mail: string,
  password: string,
  ip: string,
): Promise<Account> {
  await throttle(ctx, { what: "sign-in-ip", limit: 60, windowMs: 900_000 }, ip);
  if (mail !== "") await throttle(ctx, { what: "sign-in", limit: 10, windowMs: 900_000 }, mail);
  const account = await ctx.collection(accountsCollection).findOne({ mail });
  const matches = await passwordMatches(account?.passwordHash ?? null, password);
  if (account === null || !matches) throw new Refusal("wrong-credentials");
  return account;
}

async function throttleMail(ctx: Ctx, mail: string): Promise<void> {
  await throttle(ctx, { what: "mail-to", limit: 5, windowMs: 3_600_000 }, mail);
}
