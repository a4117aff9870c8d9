import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  assertAdmin,
  defineCollection,
  defineEvent,
  isDuplicate,
  packCursor,
  Refusal,
  refuseIfDuplicate,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Language,
  type Member,
  type Role,
  type Slice,
} from "../../kit/index.js";
import {
  forgetNewPerson,
  newPerson,
  personById,
  renamePerson,
  type PublicFace,
} from "../people/people.js";
import { assertNotObvious, type Account, type GrantableRole, type HeldRole } from "./account.js";
import {
  appoint,
  forgetAdministrators,
  forgetAppointment,
  isAdministrator,
  setAdministrator,
} from "./administrators.js";
import { hashPassword } from "./passwords.js";
import { leavePlace, takePlace } from "./places.js";

export const accountsCollection = defineCollection<Account>("accounts", [
  { keys: { mail: 1 }, unique: true },
  { keys: { createdAt: -1, _id: -1 } },
]);

/** Somebody registered; their address is to be confirmed. */
export const memberRegistered = defineEvent(
  "member-registered",
  z.object({ memberId: z.string() }),
);

/** What registering asks for. */
export interface NewAccount {
  readonly name: string;
  readonly mail: string;
  readonly password: string;
  readonly language: Language;
}

/**
 * Make an account by hand (set-up, command line). Throws `already-taken` or `members-full` beside
 * `mail`.
 */
export async function createAccount(
  ctx: Ctx,
  input: Omit<NewAccount, "language"> & {
    readonly roles: readonly Role[];
    readonly confirmed: boolean;
  },
): Promise<Account> {
  assertNotObvious(input.password, input.mail, input.name);
  const roles = heldRoles(input.roles);
  const account = await newAccount(ctx, { ...input, roles, language: ctx.language });
  const isAdmin = input.roles.includes("admin");
  if (input.confirmed) await takePlace(ctx, "mail");
  if (isAdmin) await appoint(ctx, account._id);
  try {
    await refuseIfDuplicate("already-taken", () => insertAccount(ctx, account, input.name), "mail");
  } catch (error) {
    if (isAdmin) await forgetAppointment(ctx, account._id);
    if (input.confirmed) await leavePlace(ctx);
    throw error;
  }
  return account;
}

function heldRoles(roles: readonly Role[]): HeldRole[] {
  return roles.filter((role) => role !== "admin");
}

/** An account as it will be stored; hashes the password. */
export async function newAccount(
  ctx: Ctx,
  input: NewAccount & { readonly roles: readonly HeldRole[]; readonly confirmed: boolean },
): Promise<Account> {
  const now = ctx.clock.now();
  return {
    _id: ctx.ids.next(),
    mail: input.mail,
    passwordHash: await hashPassword(input.password),
    roles: input.roles,
    language: input.language,
    confirmedAt: input.confirmed ? now : null,
    suspendedAt: null,
    mailNotices: true,
    unsubscribeKey: randomBytes(18).toString("base64url"),
    createdAt: now,
  };
}

/** Store a new account with its person. Throws a duplicate key when the address is taken. */
export async function insertAccount(ctx: Ctx, account: Account, name: string): Promise<void> {
  await newPerson(ctx, { _id: account._id, name });
  try {
    await ctx.commit(memberRegistered, { memberId: account._id }, () =>
      ctx.collection(accountsCollection).insertOne(account),
    );
  } catch (error) {
    if (isDuplicate(error)) await forgetNewPerson(ctx, account._id);
    throw error;
  }
}

/**
 * Remove every account of an instance that is not open yet: nobody can have registered, so they are
 * what an interrupted set-up left. Throws `not-allowed` on an instance that is open.
 */
export async function forgetAccounts(ctx: Ctx): Promise<void> {
  if (ctx.instance.state !== "new") throw new Refusal("not-allowed");
  for await (const { _id, confirmedAt } of ctx.collection(accountsCollection).find({})) {
    await ctx.collection(accountsCollection).deleteOne({ _id });
    if (confirmedAt !== null) await leavePlace(ctx);
    await forgetNewPerson(ctx, _id);
  }
  await forgetAdministrators(ctx);
}

/** The member of a session; null once the account is gone, suspended or unconfirmed. */
export async function loadMember(ctx: Ctx, memberId: string): Promise<Member | null> {
  const [account, person, isAdmin] = await Promise.all([
    accountOf(ctx, memberId),
    personById(ctx, memberId),
    isAdministrator(ctx, memberId),
  ]);
  if (account === null || person === null) return null;
  if (account.suspendedAt !== null || account.confirmedAt === null) return null;
  const { language } = account;
  const roles: Role[] = [...account.roles, ...(isAdmin ? (["admin"] as const) : [])];
  return { _id: memberId, name: person.name, roles, language };
}

/** A member's account, or null. */
export function accountOf(ctx: Ctx, memberId: string): Promise<Account | null> {
  return ctx.collection(accountsCollection).findOne({ _id: memberId });
}

/** The accounts of at most a few hundred members, by id. */
export async function accountsByIds(
  ctx: Ctx,
  ids: readonly string[],
): Promise<Map<string, Account>> {
  const found = await ctx
    .collection(accountsCollection)
    .find({ _id: { $in: [...ids] } }, { limit: ids.length })
    .toArray();
  return new Map(found.map((account) => [account._id, account]));
}

/** What a member sets about themselves. */
export interface Profile extends PublicFace {
  readonly language: Language;
  readonly mailNotices: boolean;
}

/** Change one's public name, words, language and whether mails are wanted. */
export async function changeProfile(ctx: Ctx, profile: Profile): Promise<void> {
  const { language, mailNotices, ...face } = profile;
  if (ctx.member === null) throw new Refusal("not-signed-in");
  await ctx
    .collection(accountsCollection)
    .updateOne({ _id: ctx.member._id }, { $set: { language, mailNotices } });
  await renamePerson(ctx, face);
}

/** Stop the mails of the account a link names; a link that names none changes nothing. */
export async function unsubscribe(ctx: Ctx, memberId: string, key: string): Promise<void> {
  await ctx
    .collection(accountsCollection)
    .updateOne({ _id: memberId, unsubscribeKey: key }, { $set: { mailNotices: false } });
}

/** Roles that a member is to have, and not to have any more; all others stay as they are. */
export interface RoleChange {
  readonly given: readonly GrantableRole[];
  readonly taken: readonly GrantableRole[];
}

/**
 * Give a member roles, and take others from them. Administrators only, and never to take away one's own. Of
 * two who take each other's at once one has their way, and the other is refused ("not-allowed").
 */
export async function changeRoles(
  ctx: Ctx,
  memberId: string,
  { given, taken }: RoleChange,
): Promise<void> {
  assertAdmin(ctx);
  const by = ctx.member?._id ?? "";
  const isTaken = taken.includes("admin");
  if (memberId === by && isTaken) throw new Refusal("not-allowed");
  if ((await accountOf(ctx, memberId)) === null) throw new Refusal("not-found");
  const isAbout = isTaken || given.includes("admin");
  const may = isAbout
    ? await setAdministrator(ctx, memberId, { by, isOne: !isTaken })
    : await isAdministrator(ctx, by);
  if (!may) throw new Refusal("not-allowed");
  const rows = ctx.collection(accountsCollection);
  for (const role of heldRoles(taken)) {
    await rows.updateOne({ _id: memberId }, { $pull: { roles: role } });
  }
  const roles = { $each: heldRoles(given) };
  await rows.updateOne({ _id: memberId }, { $addToSet: { roles } });
}

/** The account of an address; or all of them, the newest first, fifty at a time from `after` on. */
export async function listAccounts(
  ctx: Ctx,
  mail: string,
  after: string | null,
): Promise<Slice<Account>> {
  const limit = 50;
  const rows = ctx.collection(accountsCollection);
  if (mail !== "") return { items: await rows.find({ mail }, { limit: 1 }).toArray(), next: null };
  const filter = after === null ? {} : olderThan(unpackCursor(after, 2));
  const found = await rows
    .find(filter, { sort: { createdAt: -1, _id: -1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(found, limit, (last) => packCursor([last.createdAt, last._id]));
}

function olderThan([time, id]: ReadonlyArray<string | number>) {
  const createdAt = new Date(Number(time));
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: String(id) } }] };
}
