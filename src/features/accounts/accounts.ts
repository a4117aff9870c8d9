import { defineCollection } from "../../kit/index.js";
import type { Account, MailToken } from "./account.js";

export const accountsCollection = defineCollection<Account>("accounts", [
  { keys: { mail: 1 }, unique: true },
  { keys: { roles: 1, _id: 1 } },
]);

export const mailTokensCollection = defineCollection<MailToken>("mailTokens", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
  { keys: { memberId: 1, purpose: 1 } },
]);
