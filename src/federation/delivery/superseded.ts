import type { Ctx } from "../../kit/index.js";
import { activitiesCollection, type Activity } from "../records.js";

/**
 * An Update that waited so long that a newer one has gone out, or a Create or Update of what was
 * deleted meanwhile: sent now, it would undo the newer one.
 */
export async function isSuperseded(
  ctx: Ctx,
  { _id, type, objectUri, actorUri }: Activity,
): Promise<boolean> {
  const undoing = type === "Update" ? ["Update", "Delete"] : type === "Create" ? ["Delete"] : [];
  const rows = ctx.collection(activitiesCollection);
  for (const newerType of undoing) {
    const newer = { objectUri, type: newerType, actorUri, _id: { $gt: _id } };
    if ((await rows.findOne(newer)) !== null) return true;
  }
  return false;
}
