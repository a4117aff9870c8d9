import { isDuplicate, type Ctx } from "../../kit/index.js";
import { removeSupport, supportsCollection } from "./supports.js";

const batch = 200;

/**
 * Let what one person backed count as another's: they are the same person under a new address. What
 * both backed counts once. Run again, it changes nothing.
 */
export async function moveSupports(ctx: Ctx, from: string, to: string): Promise<void> {
  const rows = ctx.collection(supportsCollection);
  for (;;) {
    const given = await rows
      .find({ personId: from }, { sort: { personId: 1, at: -1 }, limit: batch })
      .toArray();
    for (const { _id, proposalId } of given) {
      try {
        await rows.updateOne({ _id, personId: from }, { $set: { personId: to } });
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        await removeSupport(ctx, { proposalId, personId: from });
      }
    }
    if (given.length < batch) return;
  }
}
