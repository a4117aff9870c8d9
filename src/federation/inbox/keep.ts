import { LRUCache } from "lru-cache";
import { insertOnce, type Ctx } from "../../kit/index.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import { entryId } from "./entry-id.js";
import type { ActivityHead } from "./shape.js";

/** How long an entry is kept: far longer than a signature is taken, so that nothing is replayed. */
const keptMs = 30 * 24 * 3_600_000;

/** A Follow by one id is answered so often at most. */
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
}

/** Keeps what was verified, and has it acted on; resolves once it is durable. */
export type Keep = (ctx: Ctx, taken: Taken, came: Came) => Promise<void>;

/**
 * Keep each activity once, however often it comes: one insert, one job. When entries were taken lately
 * is remembered, so that a copy of one costs nothing but its signature.
 */
export function createKeep(hand: Hand): Keep {
  const seen = new LRUCache<string, number>({ max: 20_000 });
  return async (ctx, taken, came) => {
    const entry = entryOf(ctx, taken, came);
    const now = entry.receivedAt.getTime();
    const last = seen.get(entry._id);
    if (last !== undefined && isDone(entry, now - last)) return;
    const rows = ctx.collection(inboxCollection);
    const isNew = last === undefined && (await insertOnce(() => rows.insertOne(entry)));
    if (!isNew && came.isVouched) await vouch(ctx, entry);
    if (isNew || (await takeAgain(ctx, entry))) await hand(ctx);
    seen.set(entry._id, now);
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

/** Whether nothing has to be looked up to know that a copy, `sinceMs` after the last, has no effect. */
function isDone({ type, isVouched }: InboxEntry, sinceMs: number): boolean {
  if (isVouched) return false;
  return type === "Follow" ? sinceMs < againMs : type !== "Undo";
}

/**
 * What comes again by its old id and is acted on again: a Follow, which lacks our answer or is meant
 * anew, once a minute; and the Undo of a Follow that came again since. Misskey names every Follow by
 * who follows whom, and its Undo by it (`/follows/…/…/undo`).
 */
async function takeAgain(ctx: Ctx, entry: InboxEntry): Promise<boolean> {
  const { receivedAt } = entry;
  if (entry.type === "Follow") {
    return actAgain(ctx, entry, new Date(receivedAt.getTime() - againMs));
  }
  if (entry.type !== "Undo" || entry.objectUri === null) return false;
  const _id = entryId(ctx.instance, { actor: entry.actorUri, id: entry.objectUri });
  const follow = await ctx.collection(inboxCollection).findOne({ _id, type: "Follow" });
  return follow?.again === undefined ? false : actAgain(ctx, entry, follow.receivedAt);
}

/** Have an entry acted on again that was received by `before`, and acted on. */
async function actAgain(
  ctx: Ctx,
  { _id, receivedAt, expiresAt }: InboxEntry,
  before: Date,
): Promise<boolean> {
  const { matchedCount } = await ctx
    .collection(inboxCollection)
    .updateOne(
      { _id, state: { $in: ["done", "refused"] }, receivedAt: { $lte: before } },
      { $set: { state: "waiting", outcome: null, receivedAt, expiresAt }, $inc: { again: 1 } },
    );
  return matchedCount === 1;
}

function entryOf(ctx: Ctx, { head, rawBody }: Taken, came: Came): InboxEntry {
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
    receivedAt: now,
    expiresAt: new Date(now.getTime() + keptMs),
  };
}
