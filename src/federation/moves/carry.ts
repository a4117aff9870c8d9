import { z } from "zod";
import { moveComments } from "../../features/comments/moving.js";
import { personByUri } from "../../features/people/people.js";
import { moveSupports } from "../../features/supports/moving.js";
import { defineJob, isDuplicate, type Collection, type Ctx, type JobDef } from "../../kit/index.js";
import { followersCollection, reactionsCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { actorNow } from "./record.js";

/** Brings what belongs to an actor that moved to where it is now. */
export type Carry = JobDef<{ actorUri: string }>;

const batch = 200;

/** The job of the second look. */
export function createCarry(services: Services): Carry {
  return defineJob({
    name: "federation.carry",
    queue: "incoming",
    payload: z.object({ actorUri: z.string() }),
    run: (ctx, { actorUri }) => carryAll(services, ctx, actorUri),
  });
}

/**
 * Bring follows, reactions, supports and comments to where their actor is now. Every step may be
 * repeated, and takes what is left at the former address, so that a death in the middle loses
 * nothing, and a second look finds what came in during the first.
 */
export async function carryAll(services: Services, ctx: Ctx, actorUri: string): Promise<void> {
  const target = await actorNow(ctx, actorUri);
  if (target === actorUri) return;
  const [former, now] = [await personByUri(ctx, actorUri), await personByUri(ctx, target)];
  if (former === null || now === null || former.origin === "here") return;
  await carryFollows(services, ctx, actorUri, target);
  await carryReactions(ctx, actorUri, target);
  await moveSupports(ctx, former._id, now._id);
  await moveComments(ctx, former._id, now._id);
}

async function carryFollows(services: Services, ctx: Ctx, from: string, to: string): Promise<void> {
  const { inbox, sharedInbox, host, civicExchange, type } = await remoteActor(services, ctx, to);
  const linked = civicExchange && type === "Organization";
  const set = { followerUri: to, target: sharedInbox ?? inbox, host, linked };
  const change = { $set: set, $unset: { lookedForAt: "" as const } };
  await rename(ctx.collection(followersCollection), { followerUri: from }, change);
}

async function carryReactions(ctx: Ctx, from: string, to: string): Promise<void> {
  const rows = ctx.collection(reactionsCollection);
  for (const kind of ["like", "announce"] as const) {
    await rename(rows, { kind, actorUri: from }, { $set: { actorUri: to } });
  }
}

/** Give rows another owner; where that one has such a row already, the former one goes. */
async function rename<T extends { readonly _id: string }>(
  rows: Collection<T>,
  where: Partial<T>,
  change: { readonly $set: Partial<T>; readonly $unset?: { readonly [K in keyof T]?: "" } },
): Promise<void> {
  type Filter = Parameters<typeof rows.find>[0];
  type Update = Parameters<typeof rows.updateOne>[1];
  for (;;) {
    const found = await rows.find(where as Filter, { limit: batch }).toArray();
    for (const { _id } of found) {
      try {
        await rows.updateOne({ ...where, _id } as Filter, change as Update);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        await rows.deleteOne({ ...where, _id } as Filter);
      }
    }
    if (found.length < batch) return;
  }
}
