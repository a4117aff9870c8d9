import { commentsCollection } from "../../src/features/comments/comments.js";
import { peopleCollection } from "../../src/features/people/people.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { responsesCollection } from "../../src/features/responses/responses.js";
import type { Support } from "../../src/features/supports/support.js";
import { refusedSupportsCollection } from "../../src/features/supports/refused.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import { followersCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { compared, type Verdict } from "./compared.js";
import type { Ground } from "./ground.js";
import type { Accepted } from "./load.js";
import { peopleTold } from "./verdict-people.js";
import { acceptedTo, serversTold } from "./verdict-peers.js";

/** What came of a run, and where. */
export interface Course {
  readonly ground: Ground;
  readonly accepted: Accepted;
  /** Where mails are kept. */
  readonly mailFolder: string;
}

/** Counts what came of everything that was accepted; read when nothing is left to do. */
export async function judge(ctx: Ctx, course: Course): Promise<Verdict[]> {
  const { ground, accepted, mailFolder } = course;
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
    ...(await peopleTold(ctx, mailFolder)),
    ...(await serversTold(ctx, ground)),
  ];
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
