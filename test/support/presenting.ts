import {
  presentInstance,
  type Presentation,
} from "../../src/features/instance-profile/instance-profile.js";
import { profileOf, type Ctx } from "../../src/kit/index.js";

/** Have an administrator set these parts of how an instance presents itself, and leave the others as they are. */
export async function present(ctx: Ctx, change: Partial<Presentation>): Promise<void> {
  const now = await ctx.readInstance();
  await presentInstance(ctx, {
    ...{ ...profileOf(now), tagline: now.tagline, logo: "keep", banner: "keep" },
    ...change,
  });
}
