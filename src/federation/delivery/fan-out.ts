import type { Ctx, JobDef } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { defineFanOut, type FanOut } from "../outbound/send.js";
import {
  activitiesCollection,
  followersCollection,
  type Activity,
  type Follower,
} from "../records.js";
import type { Services } from "../services.js";
import type { Deliver, DeliveryPayload } from "./deliver.js";
import { isUnavailable } from "./unavailable.js";
import { deliveryId } from "./waiting.js";

interface Hands {
  readonly deliver: JobDef<DeliveryPayload>;
  readonly services: Pick<Services, "policy" | "peers">;
}

/** Rows of followers read, and deliveries stored, at once: few enough that no page waits for them. */
const batchSize = 100;

/**
 * Finds who an activity goes to: distinct inboxes, read by cursor, one delivery job for each
 * (requirement 17). A run that died begins again; jobs have their own ids, so none is made twice.
 */
export function createFanOut(
  deliver: Deliver,
  services: Pick<Services, "policy" | "activities" | "peers">,
): FanOut {
  const hands = { deliver, services };
  return defineFanOut(async (ctx, { activityId }) => {
    const rows = ctx.collection(activitiesCollection);
    const activity = await rows.findOne({ _id: activityId });
    if (activity === null || activity.fannedOutAt !== null) return;
    if (await mustWait(ctx, services, activity)) return;
    services.activities.keep(ctx, activity);
    let given = 0;
    for await (const page of inboxesOf(ctx, activity.audience, null)) {
      given += await handOut(ctx, hands, activity, { inboxes: page, given });
    }
    await rows.updateOne({ _id: activityId }, { $set: { fannedOutAt: ctx.clock.now() } });
  });
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
    for await (const page of inboxesOf(ctx, activity.audience, host)) {
      await handOut(ctx, hands, activity, { inboxes: page, given: 0 });
    }
  };
}

/** The distinct inboxes of an audience, all or those of one host, a page at a time. */
async function* inboxesOf(
  ctx: Ctx,
  { followersOf, linkedOf, everyone, inboxes }: Activity["audience"],
  host: string | null,
): AsyncGenerator<readonly string[]> {
  const seen = new Set<string>();
  yield fresh(
    seen,
    inboxes.filter((inbox) => host === null || hostOf(inbox) === host),
  );
  const there = host === null ? {} : { host };
  const lists: ReadonlyArray<Partial<Follower>> = everyone
    ? [there]
    : [
        ...followersOf.map((uri) => ({ ...there, actorUri: uri })),
        ...linkedOf.map((uri) => ({ ...there, actorUri: uri, linked: true })),
      ];
  for (const list of lists) {
    for await (const targets of targetsOf(ctx, list)) yield fresh(seen, targets);
  }
}

/** The distinct inboxes of a list of followers, a page at a time, never all of them at once. */
async function* targetsOf(ctx: Ctx, list: Partial<Follower>): AsyncGenerator<readonly string[]> {
  let last = "";
  for (;;) {
    const rows = await ctx
      .collection(followersCollection)
      .find(
        { ...list, target: { $gt: last } },
        { sort: { target: 1 }, limit: batchSize, projection: { target: 1 } },
      )
      .toArray();
    if (rows.length > 0) yield [...new Set(rows.map(({ target }) => target))];
    if (rows.length < batchSize) return;
    last = rows.at(-1)?.target ?? "";
  }
}

/** Inboxes not met before in this fan-out; the memory of it is bounded, the job ids do the rest. */
function fresh(seen: Set<string>, targets: readonly string[]): string[] {
  const news = targets.filter((target) => !seen.has(target));
  if (seen.size < 50_000) for (const target of news) seen.add(target);
  return news;
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

async function handOut(
  ctx: Ctx,
  { deliver, services }: Hands,
  { _id: activityId, uri }: Pick<Activity, "_id" | "uri">,
  { inboxes, given }: { readonly inboxes: readonly string[]; readonly given: number },
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
    options: { id: deliveryId({ activityId, inbox }), yieldsMs: yieldsMs(given + at) },
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

/** The first inboxes of an activity wait for nobody; those after them let others pass, ever longer. */
const promptInboxes = 100;
const yieldsMsEach = 5;

function yieldsMs(position: number): number {
  return Math.max(0, position - promptInboxes) * yieldsMsEach;
}
