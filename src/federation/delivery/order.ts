import { setTimeout as pause } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { Postpone, type Ctx } from "../../kit/index.js";
import { createRecent } from "../../kit/look-ups.js";
import { activitiesCollection, type Activity } from "../records.js";
import { againId, deliveryId, wasSent } from "./waiting.js";

/** What is asked of the queue about deliveries; its lane. */
const lane = { queue: "delivery" } as const;
/** How long to wait for what is being sent, or not handed out yet. */
const soonMs = 1_000;
/** Of the same thing, not more are on their way at once: an older one finds that it is superseded. */
const mostEarlier = 10;

/**
 * How long a look at whether an activity is moot may have begun before a delivery that goes by it: of one
 * that goes to thousands of inboxes, a few looks a second. What makes others moot allows for that before it
 * looks for them among what runs, and a little more, since the two may be on two machines.
 */
const lookedMs = 50;
const allowedMs = lookedMs + 25;

/** What of an activity the order depends on. */
type Told = Pick<Activity, "_id" | "uri" | "type" | "objectUri" | "actorUri">;
type Earlier = Pick<Activity, "_id" | "type" | "fannedOutAt">;

/** Keeps what is told of one thing in its order at every inbox: Create, Update, Delete; Like, Follow or Block, and Undo. */
export interface Order {
  /** Whether a newer activity makes one moot: sent after that one, it would undo it. */
  isSuperseded(ctx: Ctx, activity: Told): Promise<boolean>;
  /** The same by a look that may be another delivery's: good enough for what `assertTurn` is asked about, too. */
  wasSuperseded(ctx: Ctx, activity: Told): Promise<boolean>;
  /**
   * Nothing that has to reach an inbox before `activity` is on its way there. What was given up is
   * not waited for. @throws Postpone until it may be so
   */
  assertTurn(ctx: Ctx, activity: Told, inbox: string): Promise<void>;
}

/**
 * Open the order. It rests on the queue alone, which knows what waits and runs across processes and
 * after the death of one: an activity is stored before its delivery runs, and its delivery runs for a moment
 * before it looks for older ones. So of two deliveries either the older one sees that it is superseded, by a
 * look that began after the newer one was stored, or it ran before the newer one looks, which sees it.
 */
export function createOrder(now: () => number = () => performance.now()): Order {
  const known = new LRUCache<string, readonly Earlier[]>({ max: 500 });
  /** When this process had the first delivery of each to make, by its own clock. */
  const met = new LRUCache<string, number>({ max: 500 });

  async function earlierThan(ctx: Ctx, activity: Told): Promise<readonly Earlier[]> {
    const kept = known.get(activity._id);
    if (kept !== undefined) return kept;
    const found = await findEarlier(ctx, activity);
    if (found.every(({ fannedOutAt }) => fannedOutAt !== null)) known.set(activity._id, found);
    return found;
  }

  /** Resolves once nobody goes any more by a look that was made before the activity was stored. */
  async function allowForLooks({ _id }: Told): Promise<void> {
    const begun = now();
    const since = met.get(_id) ?? begun;
    met.set(_id, since);
    const left = since + allowedMs - begun;
    if (left > 0) await pause(left);
  }

  const recent = createRecent<boolean>(lookedMs, now);
  return {
    isSuperseded,
    wasSuperseded: (ctx, activity) =>
      recent(`${ctx.instance._id} ${activity._id}`, () => isSuperseded(ctx, activity)),
    async assertTurn(ctx, activity, inbox) {
      const earlier = await earlierThan(ctx, activity);
      if (earlier.length === 0) return;
      await allowForLooks(activity);
      const isUpdate = activity.type === "Update";
      const mayCome = earlier.some((one) => one.type === "Create" && one.fannedOutAt === null);
      if (isUpdate && mayCome) throw new Postpone("what it changes is not handed out", soonMs);
      const ways = earlier.flatMap((one) => waysOf(one, inbox));
      const found = await ctx.peek(
        lane,
        ways.map(({ id }) => id),
      );
      if (found.some(({ isRunning }) => isRunning))
        throw new Postpone("one before it runs", soonMs);
      if (!isUpdate) return;
      const create = earlier.find(({ type }) => type === "Create");
      if (create === undefined) return;
      const delivery = { activityId: create._id, inbox };
      const waiting = found.find(({ id }) => id === deliveryId(delivery));
      if (waiting === undefined || (await wasSent(ctx, delivery))) return;
      const ms = waiting.dueAt.getTime() - ctx.clock.now().getTime();
      throw new Postpone("what it changes waits", Math.max(soonMs, ms + soonMs));
    },
  };
}

/** The jobs that may be sending an activity to an inbox. */
function waysOf({ _id: activityId }: Earlier, inbox: string): ReadonlyArray<{ id: string }> {
  const delivery = { activityId, inbox };
  return [{ id: deliveryId(delivery) }, { id: againId(delivery) }];
}

async function isSuperseded(ctx: Ctx, { _id, uri, type, objectUri, actorUri }: Told) {
  const newer = { actorUri, _id: { $gt: _id } };
  switch (type) {
    case "Create":
      // Whichever was made first: what is deleted never comes back.
      return exists(ctx, { objectUri, type: "Delete", actorUri });
    case "Update":
      return exists(ctx, { objectUri, type: { $in: ["Update", "Delete"] }, ...newer });
    case "Like":
    case "Follow":
    case "Block":
      return exists(ctx, { objectUri: uri, type: "Undo", ...newer });
    case "Undo": {
      const undone = await undoneBy(ctx, objectUri);
      if (undone === null) return false;
      return exists(ctx, { objectUri: undone.objectUri, type: undone.type, ...newer });
    }
    default:
      return false;
  }
}

type ActivityFilter = Parameters<ReturnType<typeof rowsOf>["findOne"]>[0];

function rowsOf(ctx: Ctx) {
  return ctx.collection(activitiesCollection);
}

async function exists(ctx: Ctx, filter: ActivityFilter): Promise<boolean> {
  return (await rowsOf(ctx).findOne(filter, { projection: { _id: 1 } })) !== null;
}

/** Our own activity that an Undo is about. */
function undoneBy(ctx: Ctx, uri: string): Promise<Activity | null> {
  const own = ctx.instance.url("/activities/");
  if (!uri.startsWith(own)) return Promise.resolve(null);
  return rowsOf(ctx).findOne({ _id: uri.slice(own.length) });
}

/** What stands until it is undone, and may be said again after that. */
const lasting: ReadonlySet<string> = new Set(["Like", "Follow", "Block"]);

const needed = { projection: { _id: 1, type: 1, fannedOutAt: 1 } };

/** What has to reach an inbox before an activity does, newest first. */
async function findEarlier(ctx: Ctx, activity: Told): Promise<readonly Earlier[]> {
  const { type } = activity;
  if (type === "Update" || type === "Delete") return tellingOf(ctx, activity);
  if (type === "Undo") {
    const undone = await undoneBy(ctx, activity.objectUri);
    return undone === null ? [] : [undone];
  }
  return lasting.has(type) ? takenBackBefore(ctx, activity) : [];
}

/** The Create of a thing, and its last Updates. */
async function tellingOf(ctx: Ctx, { _id, objectUri, actorUri }: Told): Promise<Earlier[]> {
  const told = { objectUri, actorUri };
  const last = { sort: { _id: -1 }, limit: mostEarlier, ...needed } as const;
  const [create, updates] = await Promise.all([
    rowsOf(ctx).findOne({ ...told, type: "Create" }, needed),
    rowsOf(ctx)
      .find({ ...told, type: "Update", _id: { $lt: _id } }, last)
      .toArray(),
  ]);
  return create === null ? updates : [...updates, create];
}

/** The Undos of what was said before and is said again: one that comes late would undo this one. */
async function takenBackBefore(ctx: Ctx, { _id, type, objectUri, actorUri }: Told) {
  const before = { actorUri, _id: { $lt: _id } };
  const last = { sort: { _id: -1 }, limit: mostEarlier } as const;
  const same = await rowsOf(ctx)
    .find({ ...before, objectUri, type }, { ...last, projection: { uri: 1 } })
    .toArray();
  if (same.length === 0) return [];
  const undone = { $in: same.map(({ uri }) => uri) };
  return rowsOf(ctx)
    .find({ ...before, objectUri: undone, type: "Undo" }, { ...last, ...needed })
    .toArray();
}
