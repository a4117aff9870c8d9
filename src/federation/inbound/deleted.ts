import type { Ctx } from "../../kit/index.js";
import { deletedCollection } from "../records.js";

/** Ids of what was deleted or undone elsewhere are remembered this long: longer than any retry. */
const rememberedMs = 30 * 24 * 3_600_000;

/** Remember that something elsewhere was deleted or undone, in case it is told only afterwards. */
export async function rememberDeleted(ctx: Ctx, uri: string): Promise<void> {
  await ctx.collection(deletedCollection).updateOne(
    { uri },
    {
      $set: { expiresAt: new Date(ctx.clock.now().getTime() + rememberedMs) },
      $setOnInsert: { _id: ctx.ids.next() },
    },
    { upsert: true },
  );
}

/** Whether its deletion or its Undo has come already. */
export async function wasDeleted(ctx: Ctx, uri: string): Promise<boolean> {
  return (await ctx.collection(deletedCollection).findOne({ uri })) !== null;
}
