import type { Ctx } from "../../kit/index.js";
import { deletedCollection, type Deleted } from "../records.js";
import type { Inbound, Outcome } from "./inbound.js";

/** Ids of what was deleted or undone elsewhere are remembered this long: longer than any retry. */
const rememberedMs = 30 * 24 * 3_600_000;

/** Something elsewhere, and whose word counts for it: its author, or who sent it. */
export type Owned = Pick<Deleted, "uri" | "by">;

/**
 * Remember that something elsewhere was deleted or undone, in case it is told only afterwards. Only
 * the word of its owner will count (FEP-fe34), who is not known before it is told: so it is kept with
 * the one who said so, or with its own address where that answered that it is gone.
 */
export async function rememberDeleted(
  { ctx, entry }: Pick<Inbound, "ctx" | "entry">,
  { uri, by }: Owned,
): Promise<void> {
  await ctx.collection(deletedCollection).updateOne(
    { uri, by },
    {
      $set: { expiresAt: new Date(ctx.clock.now().getTime() + rememberedMs) },
      $max: { at: entry.receivedAt },
      $setOnInsert: { _id: ctx.ids.next(), entryId: entry._id },
    },
    { upsert: true },
  );
}

/** What was undone and comes again, meant anew: forget what was said of it before it came. */
export async function forgetUndone(
  { ctx, entry }: Pick<Inbound, "ctx" | "entry">,
  { uri, by }: Owned,
): Promise<void> {
  await ctx.collection(deletedCollection).deleteOne({ uri, by, at: { $lt: entry.receivedAt } });
}

/** That it, or its owner, is deleted or undone already; null when neither is. */
export async function deletionOf(ctx: Ctx, { uri, by }: Owned): Promise<Deleted | null> {
  const found = await ctx
    .collection(deletedCollection)
    .find({ uri: { $in: [uri, by] }, by: { $in: [uri, by] } }, { limit: 4 })
    .toArray();
  return found.find((one) => one.uri === by) ?? found[0] ?? null;
}

/** What is done about something that may be deleted, and what is done where it was. */
export interface Acts<T> {
  readonly act: () => Promise<T>;
  /** Ends what `act` did, as the deletion would have; without anything to end it changes nothing. */
  readonly takeBack: (deletion: Deleted) => Promise<unknown>;
}

/**
 * Act on something, unless it was deleted or undone before or is meanwhile. A deletion is remembered
 * before its own effect, and looked for after ours: one of both sees the other, whatever their order,
 * and also when a run died between its effect and its second look.
 */
export async function unlessDeleted<T = Outcome>(
  ctx: Ctx,
  owned: Owned,
  { act, takeBack }: Acts<T>,
): Promise<T | Outcome> {
  const before = await deletionOf(ctx, owned);
  const outcome = before === null ? await act() : "deleted before";
  const deletion = before ?? (await deletionOf(ctx, owned));
  if (deletion === null) return outcome;
  await takeBack(deletion);
  return before === null ? "deleted meanwhile" : outcome;
}
