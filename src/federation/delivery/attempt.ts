import { FetchRefused } from "../../drivers/fetch.js";
import { GiveUp, Postpone, RetryLater, type Ctx } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import type { Activity, Peer } from "../records.js";
import type { Services } from "../services.js";
import { postKnocking, type Knocked } from "../signatures/double-knock.js";
import { ACTIVITY_JSON } from "../vocabulary.js";
import { bodyNow } from "./body-now.js";
import type { Gate } from "./gate.js";
import { lookForFollowers, type Searching } from "./gone.js";
import type { Order } from "./order.js";
import { noteDelivered, noteFailed, noteRefused, restOf, turnAt } from "./peers.js";
import { isUnavailable } from "./unavailable.js";
import type { Delivery } from "./waiting.js";

/** What a try is made with. */
export interface Hands extends Searching {
  readonly order: Order;
  readonly gate: Gate;
}

const growth = 2.5;
const longestWaitMs = 12 * 3_600_000;
/** 401 is among them: a server that cannot reach our key just now says so (Mastodon tries again, too). */
const passing: ReadonlySet<number> = new Set([401, 408, 425, 429]);
const longestSpreadMs = 60_000;
/** How long to wait for files that this machine has none of now. */
const noRoomMs = 5_000;

/** How long a delivery waits after its tries that failed. */
export function backoffOf({ timing }: Services) {
  return { baseMs: timing.retryMs, factor: growth, maxMs: longestWaitMs, jitter: 0.25 };
}

/** The wait after try number `attempt`. */
function waitAfter({ timing }: Services, attempt: number): number {
  const wait = Math.min(longestWaitMs, timing.retryMs * growth ** (attempt - 1));
  return Math.round(wait * (1 + Math.random() * 0.25));
}

/**
 * One try of a delivery. To a host that is unavailable nothing is sent but its daily try, `isProbe`:
 * what it misses it is sent once it is back. Returns when nothing is left to do: it was taken, or makes no sense any more.
 * @throws RetryLater when it failed for a reason that may pass; GiveUp when it never will succeed;
 * Postpone when it was not tried: its turn has not come, the host rests or has no place.
 */
export async function attempt(
  hands: Hands,
  ctx: Ctx,
  asked: Delivery,
  { number, isProbe = false }: { readonly number: number; readonly isProbe?: boolean },
): Promise<void> {
  const skip = (): void => hands.services.delivered("skipped");
  const host = hostOf(asked.inbox);
  if (host === null) return skip();
  const peer = await hands.services.peers.of(ctx, host);
  if (!isProbe && isUnavailable(peer)) return skip();
  const rest = restOf(peer, ctx.clock.now());
  if (rest > 0 && !isProbe) throw resting(host, rest);
  const activity = await hands.services.activities.read(ctx, asked.activityId);
  if (activity === null || isTooLate(ctx, activity)) return skip();
  const { isSuperseded, wasSuperseded } = hands.order;
  // What is tried again has waited: it looks for itself.
  const isMoot = number === 1 ? wasSuperseded : isSuperseded;
  if (await isMoot(ctx, activity)) return skip();
  await hands.order.assertTurn(ctx, activity, asked.inbox);
  await hands.gate.through(host, async () => {
    const busy = isProbe ? 0 : await turnAt(ctx, peer);
    if (busy > 0) throw resting(host, busy);
    const wait = waitAfter(hands.services, number);
    await send(hands, ctx, activity, { ...asked, host, peer, wait });
  });
}

/** Whoever leaves for good says nothing more but that. */
function isTooLate({ instance }: Ctx, { type }: Activity): boolean {
  return instance.state === "leaving" && type !== "Delete";
}

/** Spread over a while, so that what waits for a host does not come back all at once. */
function resting(host: string, ms: number): Postpone {
  const spread = Math.random() * Math.min(ms / 4, longestSpreadMs);
  return new Postpone(`${host} rests`, Math.round(ms + spread));
}

interface Sending extends Delivery {
  readonly host: string;
  readonly peer: Peer | null;
  readonly wait: number;
}

async function send(hands: Hands, ctx: Ctx, activity: Activity, sending: Sending): Promise<void> {
  const { services } = hands;
  const { host, wait } = sending;
  try {
    const knocked = await post(services, ctx, activity, sending);
    await conclude(hands, ctx, sending, knocked);
  } catch (error) {
    services.peers.forget(ctx, host);
    if (!(error instanceof FetchRefused)) throw error;
    if (error.code === "no-room") throw resting(host, noRoomMs);
    services.delivered(outcomeOfRefused(error));
    if (error.code === "unwanted") throw new GiveUp(`${host}: ${error.code}`);
    await noteFailed(ctx, { ...sending, error: error.code });
    if (!error.isPassing) throw new GiveUp(`${host}: ${error.code}`);
    throw new RetryLater(`${host}: ${error.code}`, wait);
  }
}

/** Signed at the moment it is sent, by the signature that the host understood last. */
async function post(
  services: Services,
  ctx: Ctx,
  activity: Activity,
  { inbox, peer }: Pick<Sending, "inbox" | "peer">,
): Promise<Knocked> {
  const body = await bodyNow(services, ctx, activity);
  const { fetcher } = services.reachOf(ctx.instance);
  const signers = await services.vault.signers(ctx, activity.actorUri);
  const scheme = peer?.speaks ?? "cavage";
  const { digest, signing: turns } = services;
  const signing = { signers, clock: ctx.clock, scheme, digest, turns };
  const headers = { "content-type": ACTIVITY_JSON };
  return postKnocking(fetcher, signing, inbox, { body, headers });
}

/** What did not leave, or had no answer: what is given up at once is not told as what is tried again. */
function outcomeOfRefused({ code, isPassing }: FetchRefused): "skipped" | "failed" | "refused" {
  if (code === "unwanted") return "skipped";
  return isPassing ? "failed" : "refused";
}

function outcomeOf(status: number): "sent" | "failed" | "refused" {
  if (status >= 200 && status < 300) return "sent";
  return status >= 500 || passing.has(status) ? "failed" : "refused";
}

async function conclude(
  hands: Hands,
  ctx: Ctx,
  sending: Sending,
  { answer, scheme }: Knocked,
): Promise<void> {
  const { services } = hands;
  const { host, inbox, peer, wait } = sending;
  const { status, retryAfter } = answer;
  const outcome = outcomeOf(status);
  services.delivered(outcome);
  if (outcome === "sent") {
    if (await noteDelivered(ctx, host, { speaks: scheme, peer })) services.peers.forget(ctx, host);
    return;
  }
  if (outcome === "failed") {
    const askedMs = status === 429 || status === 503 ? (retryAfter ?? 0) * 1_000 : 0;
    const isOfActor = status === 401;
    await noteFailed(ctx, { ...sending, error: `status ${status}`, askedMs, isOfActor });
    throw new RetryLater(`${host}: ${status}`, Math.max(wait, (retryAfter ?? 0) * 1_000));
  }
  await noteRefused(ctx, host, { status, peer });
  services.peers.forget(ctx, host);
  if (status === 404 || status === 410) {
    await lookForFollowers(hands, ctx, { inbox, isGone: status === 410 });
  }
  throw new GiveUp(`${host}: ${status}`);
}
