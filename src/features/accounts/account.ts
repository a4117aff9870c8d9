import type { Language, Role } from "../../kit/index.js";

/** What signs a member in; `_id` is that of their `Person`. Never leaves this feature. */
export interface Account {
  readonly _id: string;
  /** Lower-cased, unique on the instance. */
  readonly mail: string;
  /** argon2id, PHC string. */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly language: Language;
  readonly confirmedAt: Date | null;
  readonly suspendedAt: Date | null;
  /** Wants mails about what it follows. */
  readonly mailNotices: boolean;
  readonly createdAt: Date;
}

/** A one-time link sent by mail; stored only as its hash, removed when it runs out. */
export interface MailToken {
  /** SHA-256 (hex) of the token. */
  readonly _id: string;
  readonly memberId: string;
  readonly purpose: "confirm" | "reset" | "unsubscribe";
  readonly expiresAt: Date;
}
