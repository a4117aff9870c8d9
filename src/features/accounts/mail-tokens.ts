import { randomBytes } from "node:crypto";
import { hashToken } from "../../hosting/instances.js";
import { defineCollection, Refusal, type Ctx } from "../../kit/index.js";
import type { MailToken } from "./account.js";

export const mailTokensCollection = defineCollection<MailToken>("mailTokens", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
  { keys: { memberId: 1, purpose: 1 } },
]);

const lifetimeMs = { confirm: 48 * 3_600_000, reset: 2 * 3_600_000 } as const;

/** Make a one-time token; only its hash is kept. Returns what goes into the link. */
export async function issueToken(
  ctx: Ctx,
  memberId: string,
  purpose: MailToken["purpose"],
): Promise<string> {
  const token = randomBytes(24).toString("base64url");
  await ctx.collection(mailTokensCollection).insertOne({
    _id: hashToken(token),
    memberId,
    purpose,
    expiresAt: new Date(ctx.clock.now().getTime() + lifetimeMs[purpose]),
  });
  return token;
}

/** The member a token was sent to. Throws `Refusal("link-expired")` when it is used, old or made up. */
export async function tokenOwner(
  ctx: Ctx,
  token: string,
  purpose: MailToken["purpose"],
): Promise<string> {
  const found = await ctx.collection(mailTokensCollection).findOne({ _id: hashToken(token) });
  const valid = found?.purpose === purpose && found.expiresAt > ctx.clock.now();
  if (!valid) throw new Refusal("link-expired");
  return found.memberId;
}

/** Use a token up. Throws `Refusal("link-expired")` for all but the first of several tries at once. */
export async function useToken(ctx: Ctx, token: string): Promise<void> {
  const used = await ctx.collection(mailTokensCollection).deleteOne({ _id: hashToken(token) });
  if (used.deletedCount === 0) throw new Refusal("link-expired");
}

/** End every link of this purpose that the member was sent. */
export async function endTokens(
  ctx: Ctx,
  memberId: string,
  purpose: MailToken["purpose"],
): Promise<void> {
  await ctx.collection(mailTokensCollection).deleteMany({ memberId, purpose });
}
