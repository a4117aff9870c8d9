import { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import {
  defineJob,
  GiveUp,
  RetryLater,
  type Attempt,
  type Ctx,
  type JobDef,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { activitiesCollection, type Activity, type Peer } from "../records.js";
import type { Services } from "../services.js";
import { postKnocking, type Knocked } from "../signatures/double-knock.js";
import { ACTIVITY_JSON } from "../vocabulary.js";
import { bodyNow } from "./body-now.js";
import { dropGone } from "./gone.js";
import { noteAnswered, noteDelivered, noteFailed, peerOf, turnAt } from "./peers.js";
import { isSuperseded } from "./superseded.js";
import { forgetWaiting, markSent, noteWaiting, wasSent } from "./waiting.js";

const payload = z.object({ activityId: z.string(), inbox: z.string() });

export type DeliveryPayload = z.infer<typeof payload>;
export type Deliver = JobDef<DeliveryPayload>;

/** Tries in all: with the waits below, over more than three days. */
export const deliveryTries = 16;

const growth = 2.5;
const longestWaitMs = 12 * 3_600_000;
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/** One activity to one inbox: sign, send, and try again as long as it may help (requirement 17). */
export function createDeliver(services: Services): Deliver {
  return defineJob({
    name: "federation.deliver",
    queue: "delivery",
    payload,
    attempts: deliveryTries,
    backoff: {
      baseMs: services.timing.retryMs,
      factor: growth,
      maxMs: longestWaitMs,
      jitter: 0.25,
    },
    run: (ctx, asked, attempt) => keepTrying(services, ctx, asked, attempt),
  });
}

/** An administrator's own try of what waits; when it fails, the job that waits goes on as before. */
export function createDeliverAgain(services: Services): Deliver {
  return defineJob({
    name: "federation.deliver-again",
    queue: "delivery",
    payload,
    attempts: 1,
    async run(ctx, asked) {
      try {
        await deliver(services, ctx, asked, 2);
      } catch (error) {
        if (error instanceof RetryLater || error instanceof GiveUp) return;
        throw error;
      }
      await markSent(ctx, asked);
    },
  });
}

/** One try; what does not go through is listed as waiting until it did, or until the last try. */
async function keepTrying(
  services: Services,
  ctx: Ctx,
  asked: DeliveryPayload,
  { number, of }: Attempt,
): Promise<void> {
  const isFirst = number === 1;
  try {
    if (isFirst || !(await wasSent(ctx, asked))) await deliver(services, ctx, asked, number);
  } catch (error) {
    if (error instanceof RetryLater && number < of) await noteWaiting(ctx, asked);
    else if (!isFirst && (error instanceof GiveUp || number >= of)) await forgetWaiting(ctx, asked);
    throw error;
  }
  if (!isFirst) await forgetWaiting(ctx, asked);
}

/** The wait after try number `attempt`. */
function waitAfter({ timing }: Services, attempt: number): number {
  const wait = Math.min(longestWaitMs, timing.retryMs * growth ** (attempt - 1));
  return Math.round(wait * (1 + Math.random() * 0.25));
}

async function deliver(
  services: Services,
  ctx: Ctx,
  asked: DeliveryPayload,
  attempt: number,
): Promise<void> {
  const activity = await ctx.collection(activitiesCollection).findOne({ _id: asked.activityId });
  const host = hostOf(asked.inbox);
  if (activity === null || host === null) return;
  if (attempt > 1 && (await isSuperseded(ctx, activity))) return;
  const peer = await peerOf(ctx, host);
  const wait = waitAfter(services, attempt);
  const rest = await turnAt(ctx, peer);
  if (rest > 0) throw new RetryLater(`${host} rests`, Math.max(rest, wait));
  try {
    const knocked = await post(services, ctx, activity, { inbox: asked.inbox, peer });
    await conclude(services, ctx, asked.inbox, { ...knocked, host, peer, wait });
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    if (error.code === "unwanted") throw new GiveUp(`${host}: ${error.code}`);
    await noteFailed(ctx, host, error.code);
    if (!error.isPassing) throw new GiveUp(`${host}: ${error.code}`);
    throw new RetryLater(`${host}: ${error.code}`, wait);
  }
}

/** Signed at the moment it is sent, by the signature that the host understood last. */
async function post(
  services: Services,
  ctx: Ctx,
  activity: Activity,
  { inbox, peer }: { readonly inbox: string; readonly peer: Peer | null },
): Promise<Knocked> {
  const body = await bodyNow(services, ctx, activity);
  const { fetcher } = services.reachOf(ctx.instance);
  const signers = await services.vault.signers(ctx, activity.actorUri);
  const signing = { signers, clock: ctx.clock, scheme: peer?.speaks ?? "cavage" };
  const headers = { "content-type": ACTIVITY_JSON };
  return postKnocking(fetcher, signing, inbox, { body, headers });
}

interface Concluding extends Knocked {
  readonly host: string;
  readonly peer: Peer | null;
  readonly wait: number;
}

async function conclude(
  services: Services,
  ctx: Ctx,
  inbox: string,
  { host, peer, wait, answer, scheme }: Concluding,
): Promise<void> {
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return noteDelivered(ctx, host, scheme);
  if (status >= 500 || passing.has(status)) {
    const asked = status === 429 || status === 503 ? (retryAfter ?? 0) * 1_000 : 0;
    await noteFailed(ctx, host, `status ${status}`, asked);
    throw new RetryLater(`${host}: ${status}`, Math.max(wait, (retryAfter ?? 0) * 1_000));
  }
  await noteAnswered(ctx, peer);
  if (status === 404 || status === 410) await dropGone(services, ctx, inbox);
  throw new GiveUp(`${host}: ${status}`);
}
