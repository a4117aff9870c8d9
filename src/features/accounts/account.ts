import { Refusal, refuseField, type Language, type Role } from "../../kit/index.js";

/** What an account holds itself; who is an administrator stands in `administrators.ts`. */
export type HeldRole = Exclude<Role, "admin">;

/** What signs a member in; `_id` is that of their `Person`. Never leaves this feature. */
export interface Account {
  readonly _id: string;
  /** Lower-cased, unique on the instance. */
  readonly mail: string;
  /** argon2id, PHC string. */
  readonly passwordHash: string;
  readonly roles: readonly HeldRole[];
  readonly language: Language;
  readonly confirmedAt: Date | null;
  readonly suspendedAt: Date | null;
  /** Wants mails about what it follows. */
  readonly mailNotices: boolean;
  /** Names the account in one-click unsubscribe links; lets nobody in. */
  readonly unsubscribeKey: string;
  readonly createdAt: Date;
}

/** A one-time link sent by mail; stored only as its hash, removed when it runs out. */
export interface MailToken {
  /** SHA-256 (hex) of the token. */
  readonly _id: string;
  readonly memberId: string;
  readonly purpose: "confirm" | "reset";
  readonly expiresAt: Date;
}

/** Roles an admin can give, from least to most. */
export const grantableRoles = ["moderator", "official", "admin"] as const;

export type GrantableRole = (typeof grantableRoles)[number];

/** Shortest password, in characters (NIST SP 800-63B, section 5.1.1.1, asks for at least 8). */
export const minPassword = 10;

/** Longest password, in characters; bounds the work of hashing. */
export const maxPassword = 200;

/** Refuses a password that its owner's name or mail gives away. */
export function assertNotObvious(password: string, mail: string, name: string): void {
  const low = password.toLowerCase();
  const local = mail.split("@")[0] ?? mail;
  const given = [mail, local, name.toLowerCase()].filter((part) => part.length >= 4);
  const onlyOne = new Set(low).size < 4;
  if (onlyOne || given.some((part) => low === part || low === part.repeat(2))) {
    throw refuseField("invalid-form", "password", "refusals.obvious-password");
  }
}

/** Refuses an account that may not sign in (any more). */
export function assertMaySignIn(account: Account): void {
  if (account.suspendedAt !== null) throw new Refusal("suspended");
  if (account.confirmedAt === null) throw new Refusal("mail-not-confirmed");
}
