import { endSessions } from "../../hosting/session.js";
import { insertOnce, refuseField, Refusal, throttle, type Ctx } from "../../kit/index.js";
import { forgetNewPerson } from "../people/people.js";
import { assertNotObvious, type Account } from "./account.js";
import { remindOfAccount, sendReset } from "./accounts.jobs.js";
import {
  accountOf,
  accountsCollection,
  insertAccount,
  newAccount,
  type NewAccount,
} from "./accounts.js";
import { endTokens, tokenOwner, useToken } from "./mail-tokens.js";
import { hashPassword, passwordMatches } from "./passwords.js";
import { assertMailsLeft, assertRoom, leavePlace, takePlace } from "./places.js";

/**
 * Register by mail and password. Whether the address has an account already is told to its owner
 * by mail only. An account that nobody confirmed gives way to the new one, and its link stops
 * working: else whoever registers an address first would choose its owner's password. Throws `too-many-tries`, `invalid-form` for an
 * obvious password, or `members-full` or `mails-used-up` whosever the address is.
 */
export async function register(ctx: Ctx, input: NewAccount, ip: string): Promise<void> {
  await throttle(ctx, { what: "register", limit: 20, windowMs: 3_600_000 }, ip);
  assertNotObvious(input.password, input.mail, input.name);
  await assertRoom(ctx, "mail");
  await assertMailsLeft(ctx, "mail");
  await throttleMail(ctx, input.mail);
  const account = await newAccount(ctx, { ...input, roles: ["citizen"], confirmed: false });
  if (await inserted(ctx, account, input.name)) return;
  const known = await ctx.collection(accountsCollection).findOne({ mail: input.mail });
  if (known === null) return;
  if (await gaveWay(ctx, known)) await inserted(ctx, account, input.name);
  else await ctx.enqueue(remindOfAccount, { memberId: known._id });
}

async function inserted(ctx: Ctx, account: Account, name: string): Promise<boolean> {
  return insertOnce(() => insertAccount(ctx, account, name));
}

/** Remove an account that was never confirmed; false when it was, or is gone. */
async function gaveWay(ctx: Ctx, { _id }: Account): Promise<boolean> {
  const removed = await ctx.collection(accountsCollection).deleteOne({ _id, confirmedAt: null });
  if (removed.deletedCount === 0) return false;
  await forgetNewPerson(ctx, _id);
  return true;
}

/**
 * Confirm an address by the link sent to it and the password chosen with it: the link alone could
 * have been asked for by somebody else, with a password of theirs. Returns the member. Throws
 * `link-expired`, `suspended`, `too-many-tries`, or `wrong-credentials` beside the password.
 */
export async function confirmMail(ctx: Ctx, token: string, password: string): Promise<string> {
  const account = await openAccount(ctx, await tokenOwner(ctx, token, "confirm"));
  const memberId = account._id;
  await throttle(ctx, { what: "confirm", limit: 10, windowMs: 900_000 }, memberId);
  if (!(await passwordMatches(account.passwordHash, password))) {
    throw refuseField("wrong-credentials", "password", "accounts.confirm.wrong");
  }
  await confirmAccount(ctx, account, "password");
  await endTokens(ctx, memberId, "confirm");
  return memberId;
}

/**
 * Confirm an account's address: from now on it is that of a member. Done twice, it is done once.
 * Throws `members-full` beside `field`.
 */
async function confirmAccount(ctx: Ctx, account: Account, field: string): Promise<void> {
  if (account.confirmedAt !== null) return;
  await takePlace(ctx, field);
  const { modifiedCount } = await ctx
    .collection(accountsCollection)
    .updateOne({ _id: account._id, confirmedAt: null }, { $set: { confirmedAt: ctx.clock.now() } });
  if (modifiedCount === 0) await leavePlace(ctx);
}

/** Send a link to choose a new password, if the address has an account; the answer never tells. */
export async function askForReset(ctx: Ctx, mail: string, ip: string): Promise<void> {
  await throttle(ctx, { what: "reset", limit: 20, windowMs: 3_600_000 }, ip);
  await assertMailsLeft(ctx, "mail");
  await throttleMail(ctx, mail);
  const account = await ctx.collection(accountsCollection).findOne({ mail });
  if (account !== null) await ctx.enqueue(sendReset, { memberId: account._id });
}

/**
 * Choose a new password by the link sent; ends every session, and confirms the address, which the
 * link has just proven. The link works once, however many tries come at the same time. Returns the
 * member. Throws `link-expired`, `suspended`, or `invalid-form` (and the link still works).
 */
export async function resetPassword(ctx: Ctx, token: string, password: string): Promise<string> {
  const memberId = await tokenOwner(ctx, token, "reset");
  const account = await openAccount(ctx, memberId);
  assertNotObvious(password, account.mail, "");
  if (account.confirmedAt === null) await assertRoom(ctx, "password");
  const passwordHash = await hashPassword(password);
  await useToken(ctx, token);
  await ctx.collection(accountsCollection).updateOne({ _id: memberId }, { $set: { passwordHash } });
  await confirmAccount(ctx, account, "password");
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

async function openAccount(ctx: Ctx, memberId: string): Promise<Account> {
  const account = await accountOf(ctx, memberId);
  if (account === null) throw new Refusal("link-expired");
  if (account.suspendedAt !== null) throw new Refusal("suspended");
  return account;
}

async function throttleMail(ctx: Ctx, mail: string): Promise<void> {
  await throttle(ctx, { what: "mail-to", limit: 5, windowMs: 3_600_000 }, mail);
}
