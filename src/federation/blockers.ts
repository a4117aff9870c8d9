import { defineCollection, type Ctx } from "../kit/index.js";

/** Somebody elsewhere who blocks a local actor: they are sent nothing of its any more. */
export interface Blocker {
  readonly _id: string;
  /** The local actor. */
  readonly actorUri: string;
  /** Who blocks it; with `actorUri` unique. */
  readonly by: string;
  readonly activityUri: string;
  /** Where they would be reached: their own inbox and that of their server. */
  readonly inboxes: readonly string[];
  readonly at: Date;
}

export const blockersCollection = defineCollection<Blocker>("blockers", [
  { keys: { actorUri: 1, by: 1 }, unique: true },
  { keys: { actorUri: 1, inboxes: 1 } },
  { keys: { activityUri: 1 } },
]);

/** Whether somebody blocks a local actor: until they lift it, they cannot follow it either. */
export async function isBlocker(ctx: Ctx, actorUri: string, by: string): Promise<boolean> {
  return (await ctx.collection(blockersCollection).findOne({ actorUri, by })) !== null;
}

/** Those inboxes, of at most a few, that are not of somebody who blocks the local actor. */
export async function withoutBlockers(
  ctx: Ctx,
  actorUri: string,
  inboxes: readonly string[],
): Promise<readonly string[]> {
  if (inboxes.length === 0) return inboxes;
  const rows = await ctx
    .collection(blockersCollection)
    .find({ actorUri, inboxes: { $in: [...inboxes] } }, { limit: 1_000 })
    .toArray();
  const closed = new Set(rows.flatMap((row) => row.inboxes));
  return inboxes.filter((inbox) => !closed.has(inbox));
}
