import { defineCollection, insertOnce, type Ctx } from "../../kit/index.js";
import type { Person } from "./person.js";

/** What a citizen was on the network before they left it and came back: neither is given again. */
export interface FormerActor {
  readonly _id: string;
  readonly handle: string;
  readonly uri: string;
  readonly personId: string;
  readonly at: Date;
}

export const formerActorsCollection = defineCollection<FormerActor>("formerActors", [
  { keys: { handle: 1 }, unique: true },
  { keys: { personId: 1, _id: 1 } },
]);

/** Far more often than anybody comes back. */
const most = 200;

/** Put away the actor that a person was; done again, it changes nothing. */
export async function retireActor(ctx: Ctx, { _id: personId, handle, uri }: Person): Promise<void> {
  if (uri === null) return;
  const row = { _id: ctx.ids.next(), handle, uri, personId, at: ctx.clock.now() };
  await insertOnce(() => ctx.collection(formerActorsCollection).insertOne(row));
}

/** The actors that a person was, the oldest first. */
export function formerActorsOf(ctx: Ctx, personId: string): Promise<FormerActor[]> {
  return ctx
    .collection(formerActorsCollection)
    .find({ personId }, { sort: { _id: 1 }, limit: most })
    .toArray();
}

/** The actor that had a handle before, or null. */
export function formerActor(ctx: Ctx, handle: string): Promise<FormerActor | null> {
  return ctx.collection(formerActorsCollection).findOne({ handle });
}
