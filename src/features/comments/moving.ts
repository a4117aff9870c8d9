import type { Ctx } from "../../kit/index.js";
import { commentsCollection } from "./comments.js";

/** Let what one person said be another's: they are the same person under a new address. */
export async function moveComments(ctx: Ctx, from: string, to: string): Promise<void> {
  await ctx
    .collection(commentsCollection)
    .updateMany({ authorId: from, origin: "elsewhere" }, { $set: { authorId: to } });
}
