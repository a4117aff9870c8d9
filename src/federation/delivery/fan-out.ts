import type { Ctx, JobDef } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { defineFanOut, handOn, type FanOut } from "../outbound/send.js";
import { yieldsMsAt } from "../patience.js";
import { activitiesCollection, type Activity, type HandedOut } from "../records.js";
import type { Services } from "../services.js";
import type { Deliver, DeliveryPayload } from "./deliver.js";
import { pagesOf, start } from "./recipients.js";
import { isUnavailable } from "./unavailable.js";
import { deliveryId } from "./waiting.js";

interface Hands {
  readonly deliver: JobDef<DeliveryPayload>;
  readonly services: Pick<Services, "policy" | "peers">;
}

/** Pages that one job hands out: what waits behind it waits no longer than that takes. */
const pagesEach = 5;

/**
 * Finds who an activity goes to: distinct inboxes, page by page, one delivery job for each (requirement 17).
 * Each run does a few pages, notes how far it came, and leaves the rest to a job that lets others pass. A run
 * that died begins its own pages again: their deliveries have ids of their own, so that those are made twice
 * at most which were sent meanwhile.
 */
export function createFanOut(
  deliver: Deliver,
  services: Pick<Services, "policy" | "activities" | "peers">,
): FanOut {
  const hands = { deliver, services };
  const fanOut: FanOut = defineFanOut(async (ctx, { activityId, pieces }) => {
    const rows = ctx.collection(activitiesCollection);
    const activity = await rows.findOne({ _id: activityId });
    if (activity === null || activity.fannedOutAt !== null) return;
    // It was done, and may have died before it handed on the rest.
    if ((activity.pieces ?? 0) !== pieces) return handOn(ctx, fanOut, activity);
    if (await mustWait(ctx, services, activity)) return;
    services.activities.keep(ctx, activity);
    const rest = await handOutSome(ctx, hands, activity);
    const done = { pieces: pieces + 1, ...(rest === null ? {} : { handedOut: rest }) };
    const fannedOutAt = rest === null ? ctx.clock.now() : null;
    // Who did it meanwhile, as after a lost lease, has handed on the rest.
    const before = pieces === 0 ? { $exists: false } : pieces;
    await rows.updateOne({ _id: activityId, pieces: before }, { $set: { ...done, fannedOutAt } });
    await handOn(ctx, fanOut, { _id: activityId, ...done, fannedOutAt });
  });
  return fanOut;
}

/** Hands out some pages from where the last piece ended; where the next one begins, null at the end. */
async function handOutSome(ctx: Ctx, hands: Hands, activity: Activity): Promise<HandedOut | null> {
  const { handedOut = { ...start, given: 0 } } = activity;
  let { given } = handedOut;
  let pages = 0;
  for await (const { inboxes, next } of pagesOf(ctx, activity.audience, { from: handedOut })) {
    const isOfMany = given >= prompts.ofFew || (next !== null && next.after !== "");
    const prompt = isOfMany ? prompts.ofMany : prompts.ofFew;
    given += await handOut(ctx, hands, activity, { inboxes, given, prompt });
    pages += 1;
    if (next !== null && pages === pagesEach) return { ...next, given };
  }
  return null;
}

/** Hands an activity out to the inboxes of one host among its recipients. */
export type HandOutTo = (
  ctx: Ctx,
  activity: Pick<Activity, "_id" | "uri" | "audience">,
  host: string,
) => Promise<void>;

/** What sends a host that is back what it has missed. */
export function createHandOutTo(deliver: Deliver, services: Hands["services"]): HandOutTo {
  const hands = { deliver, services };
  return async (ctx, activity, host) => {
    const pages = pagesOf(ctx, activity.audience, { from: start, host });
    for await (const { inboxes } of pages) {
      await handOut(ctx, hands, activity, { inboxes, given: 0, prompt: prompts.ofFew });
    }
  };
}

/**
 * While an instance is closed it tells nobody anything. What it deletes meanwhile is not lost: the
 * sweep brings it here again once it is open.
 */
async function mustWait(
  ctx: Ctx,
  { policy }: Hands["services"],
  { type }: Activity,
): Promise<boolean> {
  return type === "Delete" && (await policy.settings(ctx)).mode === "closed";
}

interface Handing {
  readonly inboxes: readonly string[];
  /** Deliveries made before. */
  readonly given: number;
  /** How many of an activity wait for nobody. */
  readonly prompt: number;
}

async function handOut(
  ctx: Ctx,
  { deliver, services }: Hands,
  { _id: activityId, uri }: Pick<Activity, "_id" | "uri">,
  { inboxes, given, prompt }: Handing,
): Promise<number> {
  if (inboxes.length === 0) return 0;
  // Neither to ourselves, nor back to where a forwarded activity came from.
  const knowing = [hostOf(ctx.instance.origin), hostOf(uri)];
  const unwanted = await services.policy.unwanted(ctx, inboxes);
  const unavailable = await unavailableAmong(ctx, services, inboxes);
  const goesTo = (inbox: string): boolean => {
    const host = hostOf(inbox);
    if (host === null || knowing.includes(host)) return false;
    return !unwanted.has(inbox) && !unavailable.has(host);
  };
  const items = inboxes.filter(goesTo).map((inbox, at) => ({
    payload: { activityId, inbox },
    options: { id: deliveryId({ activityId, inbox }), yieldsMs: yieldsMsAt(given + at, prompt) },
  }));
  await ctx.enqueueAll(deliver, items);
  return items.length;
}

/** Those hosts of a page of inboxes that are unavailable; one read, of those not known to do well. */
async function unavailableAmong(
  ctx: Ctx,
  { peers }: Hands["services"],
  inboxes: readonly string[],
): Promise<ReadonlySet<string>> {
  const hosts = [...new Set(inboxes.map((inbox) => hostOf(inbox) ?? ""))];
  const known = await Promise.all(hosts.map((host) => peers.of(ctx, host)));
  return new Set(hosts.filter((_host, at) => isUnavailable(known[at] ?? null)));
}

/**
 * The first inboxes of an activity wait for nobody; those after them let others pass, ever longer. Of one
 * that goes to many they are fewer: an answer is told by several activities, and behind the first ones of
 * each stands whatever another city has to say.
 */
const prompts = { ofFew: 100, ofMany: 20 } as const;
