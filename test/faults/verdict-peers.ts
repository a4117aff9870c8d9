import {
  activitiesCollection,
  followersCollection,
  inboxCollection,
} from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { compared, leftInInbox, repeats, type Verdict } from "./compared.js";
import type { Ground } from "./ground.js";

/** What a follower elsewhere shows once, whatever the id by which it is told twice. */
const publishing = ["Create", "Announce"] as const;

/** Whom an Accept reached; the same one may come twice, since a peer's answer can get lost. */
export function acceptedTo({ peers }: Ground): string[] {
  const actors = peers.flatMap((peer) =>
    peer.inboxed("Accept").map(({ object }) => String((object as { actor?: string }).actor)),
  );
  return [...new Set(actors)];
}

/** Every activity of the city against what its followers were sent. */
export async function serversTold(ctx: Ctx, { peers }: Ground): Promise<Verdict[]> {
  const activities = await ctx
    .collection(activitiesCollection)
    .find({ type: { $in: [...publishing] } })
    .toArray();
  const unfinished = activities.filter(({ fannedOutAt }) => fannedOutAt === null).length;
  const made = activities.map(
    ({ actorUri, type, objectUri }) => `${actorUri} ${type} ${objectUri}`,
  );
  const inboxes = new Map(
    peers.map((peer) => [`${peer.origin}/inbox`, new Set(peer.inboxed().map(({ id }) => id))]),
  );
  const wanted: string[] = [];
  const came: string[] = [];
  for (const { uri, type, audience } of activities) {
    const followers = await ctx
      .collection(followersCollection)
      .find({
        actorUri: { $in: [...audience.followersOf] },
        followerUri: { $in: followersOf(peers) },
      })
      .toArray();
    for (const target of new Set(followers.map((follower) => follower.target))) {
      wanted.push(`${uri} ${type} ${target}`);
      if (inboxes.get(target)?.has(uri)) came.push(`${uri} ${type} ${target}`);
    }
  }
  const left = { state: { $in: ["waiting" as const, "handed" as const] } };
  const unread = await ctx.collection(inboxCollection).countDocuments(left);
  return [
    { ...compared("activities made", made, made), lost: unfinished },
    { ...compared("deliveries", wanted, came), ...cameTwice(peers) },
    { what: leftInInbox, accepted: 0, lost: unread, doubled: 0 },
  ];
}

/** The same thing published by two activities is there twice for its readers; an activity that came twice is not. */
function cameTwice(peers: Ground["peers"]): Pick<Verdict, "doubled" | "again"> {
  let [doubled, again] = [0, 0];
  for (const peer of peers) {
    const ids = peer.inboxed().map(({ id }) => String(id));
    again += repeats(ids).length;
    const shown = new Map(
      publishing.flatMap((type) =>
        peer.inboxed(type).map((activity) => [String(activity["id"]), thingIn(activity)]),
      ),
    );
    doubled += repeats([...shown.values()]).length;
  }
  return { doubled, again };
}

function thingIn({ type, actor, object }: Record<string, unknown>): string {
  const { id = object } = Object(object) as { id?: unknown };
  return `${String(type)} ${String(actor)} ${String(id)}`;
}

function followersOf(peers: Ground["peers"]): string[] {
  return peers.map(({ origin }) => `${origin}/users/f`);
}
