import { z } from "zod";
import { FetchRefused, type PostAnswer } from "../../drivers/fetch.js";
import {
  defineJob,
  GiveUp,
  RetryLater,
  type Attempt,
  type Ctx,
  type JobDef,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { activitiesCollection, followersCollection, type Activity, type Peer } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { signCavage, type Signer } from "../signatures/cavage.js";
import { signRfc9421 } from "../signatures/rfc9421.js";
import { ACTIVITY_JSON } from "../vocabulary.js";
import { bodyNow } from "./body-now.js";
import { noteDelivered, noteFailed, peerOf, restOf } from "./peers.js";
import { forgetWaiting, markSent, noteWaiting, wasSent } from "./waiting.js";

const payload = z.object({ activityId: z.string(), inbox: z.string() });

export type DeliveryPayload = z.infer<typeof payload>;
export type Deliver = JobDef<DeliveryPayload>;

/** Tries in all: with the waits below, over more than three days. */
export const deliveryTries = 16;

const growth = 2.5;
const longestWaitMs = 12 * 3_600_000;
const passing: ReadonlySet<number> = new Set([408, 425, 429]);
const notUnderstood: ReadonlySet<number> = new Set([400, 401]);

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
  const rest = restOf(peer, ctx.clock.now());
  if (rest > 0) throw new RetryLater(`${host} rests`, Math.max(rest, wait));
  try {
    const { answer, spoken } = await post(
      services,
      ctx,
      activity,
      asked.inbox,
      peer?.speaks ?? null,
    );
    await conclude(services, ctx, asked, { host, wait, answer, spoken });
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    if (error.code === "unwanted") throw new GiveUp(`${host}: ${error.code}`);
    await noteFailed(ctx, host, error.code);
    if (!error.isPassing) throw new GiveUp(`${host}: ${error.code}`);
    throw new RetryLater(`${host}: ${error.code}`, wait);
  }
}

/**
 * An Update that waited so long that a newer one has gone out, or a Create or Update of what was
 * deleted meanwhile: sent now, it would undo the newer one.
 */
async function isSuperseded(
  ctx: Ctx,
  { _id, type, objectUri, actorUri }: Activity,
): Promise<boolean> {
  const undoing = type === "Update" ? ["Update", "Delete"] : type === "Create" ? ["Delete"] : [];
  const rows = ctx.collection(activitiesCollection);
  for (const newerType of undoing) {
    const newer = { objectUri, type: newerType, actorUri, _id: { $gt: _id } };
    if ((await rows.findOne(newer)) !== null) return true;
  }
  return false;
}

type Scheme = NonNullable<Peer["speaks"]>;
type Spoken = { readonly answer: PostAnswer; readonly spoken: Scheme };

/** Draft-cavage first and RFC 9421 when it is not understood, or the one that worked last time. */
async function post(
  services: Services,
  ctx: Ctx,
  activity: Activity,
  inbox: string,
  speaks: Peer["speaks"],
): Promise<Spoken> {
  const schemes: readonly Scheme[] =
    speaks === "rfc9421" ? ["rfc9421", "cavage"] : ["cavage", "rfc9421"];
  const [first, second] = schemes as readonly [Scheme, Scheme];
  const body = await bodyNow(services, ctx, activity);
  const once = async (signer: Signer, scheme: Scheme): Promise<Spoken> => {
    const sign = scheme === "cavage" ? signCavage : signRfc9421;
    const request = { method: "POST", url: inbox, body, date: ctx.clock.now() };
    const headers = { ...sign(request, signer), "content-type": ACTIVITY_JSON };
    const { fetcher } = services.reachOf(ctx.instance);
    return { answer: await fetcher.post(inbox, { body, headers }), spoken: scheme };
  };
  const [signer, ...others] = await services.vault.signers(ctx, activity.actorUri);
  let knocked = await once(signer, first);
  // A key that is not known any more is refused as a standard is: the next key, then the next standard.
  for (const other of others) {
    if (notUnderstood.has(knocked.answer.status)) knocked = await once(other, first);
  }
  const last = others.at(-1) ?? signer;
  return notUnderstood.has(knocked.answer.status) ? once(last, second) : knocked;
}

async function conclude(
  services: Services,
  ctx: Ctx,
  { inbox }: DeliveryPayload,
  { host, wait, answer, spoken }: Spoken & { readonly host: string; readonly wait: number },
): Promise<void> {
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return noteDelivered(ctx, host, spoken);
  if (status === 404 || status === 410) {
    await dropGone(services, ctx, inbox);
    throw new GiveUp(`${host}: ${status}`);
  }
  if (status >= 500 || passing.has(status)) {
    await noteFailed(ctx, host, `status ${status}`);
    throw new RetryLater(`${host}: ${status}`, Math.max(wait, (retryAfter ?? 0) * 1_000));
  }
  throw new GiveUp(`${host}: ${status}`);
}

/** An inbox that is gone: ask its followers' own documents again before they are dropped. */
async function dropGone(services: Services, ctx: Ctx, inbox: string): Promise<void> {
  const rows = ctx.collection(followersCollection);
  const followers = await rows.find({ target: inbox }, { limit: 5 }).toArray();
  for (const { _id, followerUri } of followers) {
    const target = await currentTarget(services, ctx, followerUri);
    if (target === null || target === inbox) await rows.deleteOne({ _id });
    else await rows.updateOne({ _id }, { $set: { target } });
  }
}

async function currentTarget(services: Services, ctx: Ctx, uri: string): Promise<string | null> {
  try {
    const actor = await remoteActor(services, ctx, uri, { fresh: true });
    return actor.sharedInbox ?? actor.inbox;
  } catch {
    return null;
  }
}
