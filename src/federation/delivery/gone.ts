import { FetchRefused } from "../../drivers/fetch.js";
import type { Ctx } from "../../kit/index.js";
import { HostileDocument } from "../inbox/guard.js";
import { followersCollection } from "../records.js";
import { NotAnActor, remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";

/**
 * How far apart two looks are that find nobody, before they count: the proxy before a server that is
 * restarted answers 404 to everything, too. What lies further back says nothing of now.
 */
const apartMs = { least: 24 * 3_600_000, most: 30 * 24 * 3_600_000 } as const;

/** An inbox that is not there, and whether its server says that for good (410). */
export interface MissingInbox {
  readonly inbox: string;
  readonly isGone: boolean;
}

/** What becomes of a follower: served elsewhere, dropped, dropped if that goes on, or left alone. */
type Sight =
  | { readonly kind: "moved"; readonly target: string }
  | { readonly kind: "gone" | "missing" | "unknown" };

/**
 * An inbox is not there: ask its followers' own documents where they are. Who is dropped never hears of
 * it, and believes that they follow: so only those are who are gone for good, or still missing after a day.
 */
export async function dropGone(services: Services, ctx: Ctx, missing: MissingInbox): Promise<void> {
  const rows = ctx.collection(followersCollection);
  const now = ctx.clock.now();
  const followers = await rows.find({ target: missing.inbox }, { limit: 5 }).toArray();
  for (const { _id, followerUri, missingSince = null } of followers) {
    const sight = await lookFor(services, ctx, followerUri, missing);
    const ms = missingSince === null ? Infinity : now.getTime() - missingSince.getTime();
    if (sight.kind === "moved") {
      const change = { $set: { target: sight.target }, $unset: { missingSince: "" as const } };
      await rows.updateOne({ _id }, change);
    } else if (sight.kind === "gone") {
      await rows.deleteOne({ _id });
    } else if (sight.kind === "missing" && ms > apartMs.most) {
      await rows.updateOne({ _id }, { $set: { missingSince: now } });
    } else if (sight.kind === "missing" && ms >= apartMs.least) {
      await rows.deleteOne({ _id });
    }
  }
}

/** @throws what says nothing of the follower, as when our own store is away */
async function lookFor(
  services: Services,
  ctx: Ctx,
  uri: string,
  { inbox, isGone }: MissingInbox,
): Promise<Sight> {
  try {
    const actor = await remoteActor(services, ctx, uri, { fresh: true });
    const target = actor.sharedInbox ?? actor.inbox;
    if (target !== inbox) return { kind: "moved", target };
    return { kind: isGone ? "gone" : "missing" };
  } catch (error) {
    if (error instanceof NotAnActor || error instanceof HostileDocument) return { kind: "missing" };
    if (!(error instanceof FetchRefused)) throw error;
    if (error.isPassing) return { kind: "unknown" };
    return { kind: error.isGone ? "gone" : "missing" };
  }
}
