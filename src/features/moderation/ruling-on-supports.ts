import { z } from "zod";
import { defineJob, Refusal, type Ctx, type JobDef } from "../../kit/index.js";
import {
  declineSupport,
  latestAlike,
  listAlike,
  oneOfMany,
  takeSupport,
} from "../supports/held.js";
import type { RefusedSupport } from "../supports/refused.js";
import { moderatorOf, recordDecision } from "./decisions.js";

/** What a moderator decides about a support of elsewhere: it counts, or not. */
export type SupportAct = "take" | "decline";

/**
 * Have a support that waits count, or not, and write it down.
 * @throws Refusal("gone") when it was decided about, or taken back, meanwhile
 */
export async function ruleOnSupport(ctx: Ctx, id: string, act: SupportAct): Promise<void> {
  await rule(ctx, id, { act, by: moderatorOf(ctx)._id });
}

interface Ruling {
  readonly act: SupportAct;
  /** The moderator. */
  readonly by: string;
}

async function rule(ctx: Ctx, id: string, { act, by }: Ruling): Promise<void> {
  const record = ({ proposalId }: RefusedSupport): Promise<void> =>
    recordDecision(ctx, {
      ...{ _id: `support-${id}-${act}`, by, at: ctx.clock.now(), why: [], note: "" },
      what: act === "take" ? "support-taken" : "support-declined",
      subject: { kind: "proposal", id: proposalId },
    });
  await (act === "take" ? takeSupport : declineSupport)(ctx, id, record);
}

const together = z.object({
  ...{ proposalId: z.string(), host: z.string(), by: z.string(), until: z.coerce.date() },
  act: z.enum(["take", "decline"]),
});

/** So many are decided about in one run; the rest follows in the next. */
const perRun = 100;

/** Decides alike about those that wait together. Run again, it goes on with those that are left. */
export const ruleTogether: JobDef<z.infer<typeof together>> = defineJob({
  name: "moderation.rule-together",
  payload: together,
  async run(ctx, ruling) {
    const { act, until } = ruling;
    const some = await listAlike(ctx, ruling, { act, until, limit: perRun });
    for (const { _id } of some) await unlessGone(rule(ctx, _id, ruling));
    const last = some.length < perRun ? undefined : some.at(-1);
    if (last === undefined) return;
    await ctx.enqueue(ruleTogether, ruling, { id: `rule-together/${last._id}/${act}` });
  },
});

/** What was taken back or decided about meanwhile needs no decision any more. */
async function unlessGone(ruled: Promise<void>): Promise<void> {
  try {
    await ruled;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "gone") throw error;
  }
}

/**
 * Have all that wait together with a support, because many came of one site, count, or not; what comes
 * later waits anew. @throws Refusal("gone") when it waits no more
 */
export async function ruleOnAlike(ctx: Ctx, id: string, act: SupportAct): Promise<void> {
  const { _id: by } = moderatorOf(ctx);
  const one = await oneOfMany(ctx, id);
  const { proposalId, host } = one;
  // Pressed again with nothing new to decide about, it is the same job.
  const latest = (await latestAlike(ctx, one)) ?? one;
  const ruling = { proposalId, host: host ?? "", by, until: ctx.clock.now(), act };
  await ctx.enqueue(ruleTogether, ruling, { id: `rule-together/until/${latest._id}/${act}` });
}
