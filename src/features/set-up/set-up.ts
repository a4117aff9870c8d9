import { hashToken } from "../../hosting/instances.js";
import { Refusal, type Ctx, type InstanceRecord } from "../../kit/index.js";
import { createAccount, forgetAccounts } from "../accounts/accounts.js";
import { defaultTopics, topicsCollection } from "../topics/topics.js";

/** What setting an instance up asks for. */
export interface SetUp extends Pick<
  InstanceRecord,
  "name" | "kind" | "language" | "tagline" | "handle"
> {
  readonly adminName: string;
  readonly mail: string;
  readonly password: string;
}

/** Refuses a link that is not the one-time link of an instance that still waits for it. */
export function assertInvited(ctx: Ctx, token: string): void {
  const { state, setUpTokenHash } = ctx.instance;
  if (state !== "new" || setUpTokenHash !== hashToken(token)) throw new Refusal("link-expired");
}

/**
 * Set the instance up: its name and language, first topics, first admin. The link works once: of two
 * at a time one wins; after a refusal it works again. What an interrupted set-up left is removed
 * first. Returns the admin's member id.
 */
export async function setUpInstance(ctx: Ctx, token: string, input: SetUp): Promise<string> {
  assertInvited(ctx, token);
  const { name, kind, language, tagline, handle } = input;
  const link = { setUpTokenHash: hashToken(token) };
  const settings = { name, kind, language, tagline, handle };
  const claimed = await ctx.changeInstance({ ...settings, setUpTokenHash: null }, link);
  if (claimed === null) throw new Refusal("link-expired");
  try {
    await forgetAccounts(ctx);
    await forgetTopics(ctx);
    const admin = await createAccount(ctx.inLanguage(language), {
      name: input.adminName,
      mail: input.mail,
      password: input.password,
      roles: ["citizen", "official", "moderator", "admin"],
      confirmed: true,
    });
    await defaultTopics(ctx.inLanguage(language));
    await ctx.changeInstance({ state: "active" });
    return admin._id;
  } catch (error) {
    await ctx.changeInstance(link, { state: "new", setUpTokenHash: null });
    throw error;
  }
}

async function forgetTopics(ctx: Ctx): Promise<void> {
  await ctx.collection(topicsCollection).deleteMany({});
}
