import type { Ctx } from "../../kit/index.js";
import { followersCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";

/** An inbox that is gone: ask its followers' own documents again before they are dropped. */
export async function dropGone(services: Services, ctx: Ctx, inbox: string): Promise<void> {
  const rows = ctx.collection(followersCollection);
  const followers = await rows.find({ target: inbox }, { limit: 5 }).toArray();
  for (const { _id, followerUri } of followers) {
    const target = await currentTarget(services, ctx, followerUri);
    if (target === null || target === inbox) await rows.deleteOne({ _id });
    else await rows.updateOne({ _id }, { $set: { target } });
  }
}

async function currentTarget(services: Services, ctx: Ctx, uri: string): Promise<string | null> {
  try {
    const actor = await remoteActor(services, ctx, uri, { fresh: true });
    return actor.sharedInbox ?? actor.inbox;
  } catch {
    return null;
  }
}
