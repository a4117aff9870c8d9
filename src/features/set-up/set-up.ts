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

/** Whoever began and has not ended after so long died over it. */
const patienceMs = 60_000;

/** Refuses a link that is not that of an instance which still waits to be set up. */
export function assertInvited(
  { instance: { state, setUpTokenHash } }: Pick<Ctx, "instance">,
  token: string,
): void {
  if (state !== "new" || setUpTokenHash !== hashToken(token)) throw new Refusal("link-expired");
}

/**
 * Set the instance up: its name and language, first topics, first admin. The link works once: of two
 * at a time one wins; after a refusal it works again, and a minute after a process died over it. What an
 * interrupted set-up left is removed first. Returns the admin's member id.
 */
export async function setUpInstance(ctx: Ctx, token: string, input: SetUp): Promise<string> {
  const instance = await ctx.readInstance();
  assertInvited({ instance }, token);
  const { setUpTokenHash, setUpBegunAt: begunBefore = null } = instance;
  const setUpBegunAt = ctx.clock.now();
  const isUnderWay =
    begunBefore !== null && setUpBegunAt.getTime() - begunBefore.getTime() < patienceMs;
  if (isUnderWay) throw new Refusal("link-expired");
  const { name, kind, language, tagline, handle } = input;
  const settings = { name, kind, language, tagline, handle };
  const waiting = { state: "new", setUpTokenHash } as const;
  const claimed = await ctx.changeInstance(
    { ...settings, setUpBegunAt },
    { ...waiting, setUpBegunAt: begunBefore },
  );
  if (claimed === null) throw new Refusal("link-expired");
  const ours = { ...waiting, setUpBegunAt };
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
    const done = { state: "active", setUpTokenHash: null, setUpBegunAt: null } as const;
    if ((await ctx.changeInstance(done, ours)) === null) throw new Refusal("link-expired");
    return admin._id;
  } catch (error) {
    await ctx.changeInstance({ setUpBegunAt: null }, ours);
    throw error;
  }
}

async function forgetTopics(ctx: Ctx): Promise<void> {
  await ctx.collection(topicsCollection).deleteMany({});
}
