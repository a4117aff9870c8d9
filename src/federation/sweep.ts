import { z } from "zod";
import { defineJob, type Ctx, type ScheduleDef } from "../kit/index.js";
import type { Absences } from "./delivery/absences.js";
import type { HandOut } from "./inbox/hand-out.js";
import { nextPiece, type FanOut } from "./outbound/send.js";
import { activitiesCollection, inboxCollection } from "./records.js";
import type { Rotations } from "./rotation.js";

/** Left behind means: not done this long after it was stored. */
const patienceMs = 60_000;
const batch = 200;

/** What the sweep hands on again. */
export interface Swept {
  readonly handOut: HandOut;
  readonly fanOut: FanOut;
  readonly rotations: Pick<Rotations, "sweep">;
  readonly absences: Pick<Absences, "sweep">;
}

/**
 * Hand on again what a crash left between a stored row and its job: entries of the inbox that wait,
 * activities whose recipients were not found, exchanges of keys; and what is due for hosts that were or are
 * unavailable. Jobs have fixed ids, so that nothing is done twice.
 */
export async function sweep(
  { handOut, fanOut, rotations, absences }: Swept,
  ctx: Ctx,
): Promise<void> {
  await rotations.sweep(ctx);
  await absences.sweep(ctx);
  const before = new Date(ctx.clock.now().getTime() - patienceMs);
  const left = await ctx
    .collection(inboxCollection)
    .findOne({ state: "waiting", receivedAt: { $lt: before } });
  if (left !== null) await ctx.enqueue(handOut, {});
  const activities = await ctx
    .collection(activitiesCollection)
    .find(
      { fannedOutAt: null, at: { $lt: before } },
      { limit: batch, projection: { _id: 1, pieces: 1 } },
    )
    .toArray();
  await ctx.enqueueAll(fanOut, activities.map(nextPiece));
}

/** The sweep in the calendar. */
export function sweepSchedule(swept: Swept): ScheduleDef {
  const job = defineJob({
    name: "federation.sweep",
    payload: z.object({}),
    run: (ctx) => sweep(swept, ctx),
  });
  return { key: "federation-sweep", cron: "*/5 * * * *", job: job as ScheduleDef["job"] };
}
