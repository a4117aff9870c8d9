import { LRUCache } from "lru-cache";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import { entryId } from "./entry-id.js";
import type { ActivityHead } from "./shape.js";

/** How long an entry is kept: far longer than a signature is taken, so that nothing is replayed. */
const keptMs = 30 * 24 * 3_600_000;

/** A Follow by one id, not undone meanwhile, is answered so often at most. */
const againMs = 60_000;

/** See to it that the entries that wait are given to their jobs. */
export type Hand = (ctx: Ctx) => Promise<void>;

/** How it came; with its actor's word for it, it is one entry whoever brought it. */
export interface Came extends Pick<InboxEntry, "trust" | "isVouched"> {
  readonly forwarder?: string;
}

/** A verified activity, as it was posted. */
export interface Taken {
  readonly head: ActivityHead;
  readonly rawBody: Buffer;
  /** The id of the POST. */
  readonly request: string;
}

/** Keeps what was verified, and has it acted on; resolves once it is durable. */
export type Keep = (ctx: Ctx, taken: Taken, came: Came) => Promise<void>;

/**
 * Keep each activity once, however often it comes: one insert, one job. Which entries were taken lately
 * is remembered, so that a copy of one costs nothing but its signature.
 */
export function createKeep(hand: Hand): Keep {
  const seen = new LRUCache<string, true>({ max: 20_000 });
  return async (ctx, taken, came) => {
    const entry = entryOf(ctx, taken, came);
    if (seen.has(entry._id) && isDone(entry)) return;
    const rows = ctx.collection(inboxCollection);
    if (entry.type === "Undo") await noteUndone(ctx, entry);
    const isNew = !seen.has(entry._id) && (await insertOnce(() => rows.insertOne(entry)));
    if (!isNew && came.isVouched) await vouch(ctx, entry);
    if (isNew || (await takeAgain(ctx, entry))) await hand(ctx);
    seen.set(entry._id, true);
  };
}

/** A linked instance answers for what others brought before: that counts until it was acted on. */
async function vouch(ctx: Ctx, { _id }: InboxEntry): Promise<void> {
  await ctx
    .collection(inboxCollection)
    .updateOne(
      { _id, state: { $in: ["waiting", "handed"] }, isVouched: false },
      { $set: { isVouched: true } },
    );
}

/** Whether nothing has to be looked up to know that a copy has no effect. */
function isDone({ type, isVouched }: InboxEntry): boolean {
  return !isVouched && type !== "Follow" && type !== "Undo";
}

/** The Follow that an Undo is about, if it is one of that actor's. */
function followOf(ctx: Ctx, { actorUri, objectUri }: InboxEntry) {
  const _id = entryId(ctx.instance, { actor: actorUri, id: objectUri ?? "" });
  return { _id, type: "Follow" } as const;
}

/** Noted before the Undo is kept: whoever asks again after it, however soon, means it anew. */
async function noteUndone(ctx: Ctx, entry: InboxEntry): Promise<void> {
  if (entry.objectUri === null) return;
  const rows = ctx.collection(inboxCollection);
  await rows.updateOne(followOf(ctx, entry), { $set: { undone: true } });
}

/**
 * What comes again by its old id and is acted on again: a Follow, which lacks our answer, once a minute,
 * or is meant anew, when it was undone since; and the Undo of a Follow that came again since. Misskey
 * names every Follow by who follows whom, and its Undo by it (`/follows/…/…/undo`).
 */
async function takeAgain(ctx: Ctx, entry: InboxEntry): Promise<boolean> {
  const { receivedAt } = entry;
  if (entry.type === "Follow") {
    const before = new Date(receivedAt.getTime() - againMs);
    const acted: Array<InboxEntry["state"]> = ["done", "refused"];
    const isOld = { state: { $in: acted }, receivedAt: { $lte: before } };
    return actAgain(ctx, entry, { $or: [isOld, { undone: true }] });
  }
  if (entry.type !== "Undo" || entry.objectUri === null) return false;
  const follow = await ctx.collection(inboxCollection).findOne(followOf(ctx, entry));
  if (follow?.again === undefined) return false;
  return actAgain(ctx, entry, { receivedAt: { $lte: follow.receivedAt } });
}

/** Have an entry acted on again, as received now, while it is as `which` says. */
async function actAgain(
  ctx: Ctx,
  { _id, request, receivedAt, expiresAt }: InboxEntry,
  which: object,
): Promise<boolean> {
  const { matchedCount } = await ctx.collection(inboxCollection).updateOne(
    { _id, ...which },
    {
      $set: { state: "waiting", outcome: null, request, receivedAt, expiresAt },
      $inc: { again: 1 },
      $unset: { undone: "" },
    },
  );
  return matchedCount === 1;
}

function entryOf(ctx: Ctx, { head, rawBody, request }: Taken, came: Came): InboxEntry {
  const { trust, isVouched, forwarder = "" } = came;
  const now = ctx.clock.now();
  return {
    _id: entryId(ctx.instance, { ...head, forwarder }),
    actorUri: head.actor,
    activityUri: head.id,
    type: head.type,
    objectUri: head.object,
    body: rawBody.toString("utf8"),
    ...{ trust, isVouched },
    about: null,
    state: "waiting",
    outcome: null,
    request,
    receivedAt: now,
    expiresAt: new Date(now.getTime() + keptMs),
  };
}
