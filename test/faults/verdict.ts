import { commentsCollection } from "../../src/features/comments/comments.js";
import { notificationsCollection } from "../../src/features/notifications/notifications.js";
import { peopleCollection } from "../../src/features/people/people.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { responsesCollection } from "../../src/features/responses/responses.js";
import type { Support } from "../../src/features/supports/support.js";
import { refusedSupportsCollection } from "../../src/features/supports/refused.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import {
  activitiesCollection,
  followersCollection,
  inboxCollection,
} from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import type { Ground } from "./ground.js";
import type { Accepted } from "./load.js";

/** How one kind of thing came through. */
export interface Verdict {
  readonly what: string;
  readonly accepted: number;
  readonly lost: number;
  readonly doubled: number;
  /** Some of what was lost or doubled. */
  readonly such?: readonly string[];
}

const mostNamed = 5;

/** What should be there once, and what is. */
function compared(what: string, wanted: readonly string[], found: readonly string[]): Verdict {
  const present = new Set(found);
  const distinct = new Set(wanted);
  const lost = [...distinct].filter((one) => !present.has(one));
  const doubled = found.filter((one, at) => found.indexOf(one) !== at);
  return {
    ...{ what, accepted: distinct.size, lost: lost.length, doubled: doubled.length },
    such: [...lost, ...doubled].slice(0, mostNamed),
  };
}

/** Counts what came of everything that was accepted; read when nothing is left to do. */
export async function judge(ctx: Ctx, ground: Ground, accepted: Accepted): Promise<Verdict[]> {
  const all = {
    proposals: await ctx.collection(proposalsCollection).find({}).toArray(),
    comments: await ctx.collection(commentsCollection).find({}).toArray(),
    responses: await ctx.collection(responsesCollection).find({}).toArray(),
    supports: await ctx.collection(supportsCollection).find({}).toArray(),
    // Of many new people of one site, the later ones wait for a moderator.
    held: await ctx.collection(refusedSupportsCollection).find({ why: "many-new" }).toArray(),
    people: await ctx.collection(peopleCollection).find({}).toArray(),
    followers: await ctx.collection(followersCollection).find({}).toArray(),
  };
  const uriOf = new Map(all.proposals.map(({ _id, uri }) => [_id, uri]));
  const personOf = new Map(all.people.map((person) => [person._id, person.uri ?? person._id]));
  const pairOf = ({ personId, proposalId }: Pick<Support, "personId" | "proposalId">): string =>
    `${personOf.get(personId) ?? personId} ${uriOf.get(proposalId) ?? ""}`;
  const backing = all.supports.map(pairOf);
  const members = accepted.supports.map(
    ({ memberId, proposalId }) =>
      `${personOf.get(memberId) ?? memberId} ${uriOf.get(proposalId) ?? ""}`,
  );
  return [
    compared(
      "likes that came",
      accepted.likes.map((l) => `${l.actor} ${l.proposalUri}`),
      [...backing, ...all.held.map(pairOf)],
    ),
    compared(
      "notes that came",
      accepted.notes,
      all.comments.map(({ uri }) => uri),
    ),
    compared(
      "follows that came",
      accepted.follows.map(({ actor, object }) => `${actor} ${object}`),
      all.followers.map(({ followerUri, actorUri }) => `${followerUri} ${actorUri}`),
    ),
    compared(
      "follows answered",
      accepted.follows.map(({ actor }) => actor),
      acceptedTo(ground),
    ),
    compared(
      "proposals",
      accepted.proposals,
      all.proposals.filter(({ title }) => title.includes(" par ")).map(({ title }) => title),
    ),
    compared(
      "comments",
      accepted.comments,
      all.comments.filter(({ origin }) => origin === "here").map(({ body }) => body),
    ),
    compared(
      "answers",
      accepted.answers,
      all.responses.map(({ body }) => body),
    ),
    compared("supports", members, backing),
    await figures(ctx),
    await notices(ctx),
    ...(await told(ctx, ground)),
  ];
}

/** Whom an Accept reached; the same one may come twice, since a peer's answer can get lost. */
function acceptedTo({ peers }: Ground): string[] {
  const actors = peers.flatMap((peer) =>
    peer.inboxed("Accept").map(({ object }) => String((object as { actor?: string }).actor)),
  );
  return [...new Set(actors)];
}

/** The figures of each proposal against what is counted. */
async function figures(ctx: Ctx): Promise<Verdict> {
  let [accepted, lost, doubled] = [0, 0, 0];
  for await (const { _id, counts } of ctx.collection(proposalsCollection).find({})) {
    const supports = await ctx.collection(supportsCollection).countDocuments({ proposalId: _id });
    const threads = { proposalId: _id, parentId: null, state: "shown" as const };
    const comments = await ctx.collection(commentsCollection).countDocuments(threads);
    accepted += supports + comments;
    for (const [shown, counted] of [
      [counts.supports, supports],
      [counts.comments, comments],
    ] as const) {
      lost += Math.max(0, counted - shown);
      doubled += Math.max(0, shown - counted);
    }
  }
  return { what: "figures", accepted, lost, doubled };
}

async function notices(ctx: Ctx): Promise<Verdict> {
  const all = await ctx.collection(notificationsCollection).find({}).toArray();
  const shown = all.map(({ memberId, subjectId }) => `${memberId} ${subjectId}`);
  return compared("notices to members", shown, shown);
}

/** Every activity of the city against what its followers were sent. */
async function told(ctx: Ctx, { peers }: Ground): Promise<Verdict[]> {
  const activities = await ctx
    .collection(activitiesCollection)
    .find({ type: { $in: ["Create", "Announce"] } })
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
    compared("deliveries", wanted, came),
    { what: "left in the inbox", accepted: 0, lost: unread, doubled: 0 },
  ];
}

function followersOf(peers: Ground["peers"]): string[] {
  return peers.map(({ origin }) => `${origin}/users/f`);
}
