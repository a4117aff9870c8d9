import { z } from "zod";
import {
  defineJob,
  GiveUp,
  Postpone,
  RetryLater,
  type Attempt,
  type Ctx,
  type JobDef,
} from "../../kit/index.js";
import { speaking } from "../speaking.js";
import { attempt, backoffOf, type Hands } from "./attempt.js";
import { forgetWaiting, markSent, noteWaiting, wasSent } from "./waiting.js";

const payload = z.object({ activityId: z.string(), inbox: z.string() });

export type DeliveryPayload = z.infer<typeof payload>;
export type Deliver = JobDef<DeliveryPayload>;

/** Tries in all: with the waits between them, over more than three days. */
export const deliveryTries = 16;

/** What is put back for less is not listed as waiting. */
const shortMs = 30_000;

/** One activity to one inbox: sign, send, and try again as long as it may help (requirement 17). */
export function createDeliver(hands: Hands): Deliver {
  return defineJob({
    name: "federation.deliver",
    queue: "delivery",
    payload,
    attempts: deliveryTries,
    runsIn: speaking,
    backoff: backoffOf(hands.services),
    run: (ctx, asked, which) => keepTrying(hands, ctx, asked, which),
  });
}

/** An administrator's own try of what waits; when it fails, the job that waits goes on as before. */
export function createDeliverAgain(hands: Hands): Deliver {
  return defineJob({
    name: "federation.deliver-again",
    queue: "delivery",
    payload,
    attempts: 1,
    async run(ctx, asked) {
      try {
        await attempt(hands, ctx, asked, { number: 2 });
      } catch (error) {
        const isShort = error instanceof Postpone && error.delayMs < shortMs;
        const isOver = error instanceof Postpone || error instanceof RetryLater;
        if (!isShort && (isOver || error instanceof GiveUp)) return;
        throw error;
      }
      await markSent(ctx, asked);
    },
  });
}

/** One try; what does not go through is listed as waiting until it did, or until the last try. */
async function keepTrying(
  hands: Hands,
  ctx: Ctx,
  asked: DeliveryPayload,
  { number, of, postponed = 0 }: Attempt,
): Promise<void> {
  const isFirst = number === 1 && postponed === 0;
  try {
    if (isFirst || !(await wasSent(ctx, asked))) await attempt(hands, ctx, asked, { number });
  } catch (error) {
    const isPostponed = error instanceof Postpone;
    const isLast = error instanceof GiveUp || (!isPostponed && number >= of);
    if (isLast && !isFirst) await forgetWaiting(ctx, asked);
    const isLong = isPostponed && error.delayMs >= shortMs;
    if (!isLast && (isLong || error instanceof RetryLater)) await noteWaiting(ctx, asked);
    throw error;
  }
  if (!isFirst) await forgetWaiting(ctx, asked);
}
