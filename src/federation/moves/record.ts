import { defineCollection, type Ctx } from "../../kit/index.js";

/** That an actor elsewhere goes on under another address. */
export interface Move {
  readonly _id: string;
  /** The former actor; unique. */
  readonly actorUri: string;
  /** Where it went; its own address once it came back. */
  readonly targetUri: string;
  readonly at: Date;
}

export const movesCollection = defineCollection<Move>("moves", [
  { keys: { actorUri: 1 }, unique: true },
]);

const mostSteps = 5;

/** The actor that somebody elsewhere is by now; itself when it has not moved. */
export async function actorNow(ctx: Ctx, uri: string): Promise<string> {
  let now = uri;
  for (let step = 0; step < mostSteps; step += 1) {
    const move = await ctx.collection(movesCollection).findOne({ actorUri: now });
    if (move === null || move.targetUri === now) return now;
    now = move.targetUri;
  }
  return now;
}
