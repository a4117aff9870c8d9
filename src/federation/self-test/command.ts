import type { Ctx } from "../../kit/index.js";
import type { Services } from "../services.js";
import { testNow } from "./run.js";
import { stepView, verdictOf, type StepView } from "./self-test.pages.js";
import { testedBy } from "./self-test.routes.js";

/** What a whole test came to. */
export interface TestedPeer {
  readonly host: string;
  /** No step failed. */
  readonly ok: boolean;
  readonly steps: readonly StepView[];
}

/**
 * Run a test to its end, for a command. Null: one of that server is under way.
 * @throws Refusal for what is no server, or is our own.
 */
export async function testPeer(
  services: Services,
  ctx: Ctx,
  typed: string,
  account: string | null,
): Promise<TestedPeer | null> {
  const test = await testNow(services, ctx, testedBy(services, ctx, typed, account));
  if (test === null) return null;
  const ok = verdictOf(test, ctx.clock.now()) !== "failed";
  return { host: test.host, ok, steps: test.steps.map((step) => stepView(ctx, step)) };
}
