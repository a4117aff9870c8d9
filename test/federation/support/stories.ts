import { commentByUri, commentsCollection } from "../../../src/features/comments/comments.js";
import { personByUri } from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { supportsCollection } from "../../../src/features/supports/supports.js";
import { followersCollection, followingCollection } from "../../../src/federation/records.js";
import { quotesCollection } from "../../../src/federation/quotes/record.js";
import { aDraft } from "../../support/builders.js";
import { aPeer, type Peer, type PeerActor } from "./peer.js";
import type { Town } from "./town.js";

/** A city with a proposal, people elsewhere, and a linked city. */
export interface Ground {
  readonly town: Town;
  readonly peer: Peer;
  readonly linked: Peer;
  readonly hall: PeerActor;
  readonly proposal: Proposal;
}

/** What one actor's activity does, and what must have come of it, however often it was cut off. */
export interface Story {
  /** The promise, as the title of a test. */
  readonly promise: string;
  /** What comes first, one after the other, and lives through it. */
  before?(ground: Ground, by: PeerActor): Promise<readonly Telling[]> | readonly Telling[];
  activity(ground: Ground, by: PeerActor): Telling;
  outcome(ground: Ground, by: PeerActor): Promise<unknown>;
  readonly expected: unknown;
}

/** An activity on its way. */
export interface Telling {
  readonly by: PeerActor;
  readonly activity: Record<string, unknown>;
}

/** Around a town that was just founded. */
export async function groundOf(town: Town): Promise<Ground> {
  const [peer, linked] = [await aPeer(), await aPeer()];
  const hall = await linked.actor("hall", { type: "Organization" });
  const proposal = await publishProposal(await town.newcomer(), aDraft());
  await town.visitor.collection(followingCollection).insertOne({
    ...{ _id: "f", actorUri: `${town.origin}/actor`, targetUri: hall.uri },
    ...{ host: new URL(linked.origin).host, followUri: `${town.origin}/activities/f` },
    ...{ state: "accepted", at: town.clock.now() },
  });
  return { town, peer, linked, hall, proposal };
}

const likeOf = ({ peer, proposal }: Ground, by: PeerActor) => ({
  ...peer.activity(by, "Like", proposal.uri),
  id: `${by.uri}/like`,
});
const noteOf = ({ peer, proposal }: Ground, by: PeerActor, change: object = {}) =>
  peer.note(by, { id: `${by.uri}/note`, inReplyTo: proposal.uri, ...change });
const replyOf = (ground: Ground, by: PeerActor): Telling => ({
  ...{ by, activity: ground.peer.activity(by, "Create", noteOf(ground, by)) },
});
const quoting = (by: PeerActor): string => `${by.uri}/quoting`;
const asksToQuote = ({ peer, proposal }: Ground, by: PeerActor): Telling => ({
  ...{ by, activity: peer.activity(by, "QuoteRequest", proposal.uri, { instrument: quoting(by) }) },
});
const gone = ({ peer }: Ground, by: PeerActor, id: string): Telling => ({
  ...{ by, activity: peer.activity(by, "Delete", { id, type: "Tombstone" }) },
});
const follows = ({ peer, town }: Ground, by: PeerActor): Telling => ({
  ...{ by, activity: peer.activity(by, "Follow", `${town.origin}/actor`) },
});

const supported = async (
  { town: { visitor: ctx }, proposal }: Ground,
  uri: string,
): Promise<[number, boolean]> => {
  const person = await personByUri(ctx, uri);
  const rows = ctx.collection(supportsCollection);
  const proposalId = proposal._id;
  const own = await rows.countDocuments({ proposalId, personId: person?._id ?? "" });
  const all = await rows.countDocuments({ proposalId });
  return [own, (await proposalById(ctx, proposalId))?.counts.supports === all];
};

const commented = async (
  { town: { visitor: ctx }, proposal }: Ground,
  by: PeerActor,
): Promise<[number, string | undefined, boolean]> => {
  const uri = `${by.uri}/note`;
  const rows = ctx.collection(commentsCollection);
  const comment = await commentByUri(ctx, uri);
  const shown = await rows.countDocuments({ proposalId: proposal._id, state: "shown" });
  const told = (await proposalById(ctx, proposal._id))?.counts.comments;
  return [await rows.countDocuments({ uri }), comment?.html, shown === told];
};

/** Authorisations of theirs that hold, and the different things they were told of them. */
const quotes = async (
  { town, peer }: Ground,
  by: PeerActor,
  type: string,
): Promise<[number, number]> => {
  const told = peer
    .inboxed(type)
    .filter(({ to, cc }) => [to, cc].flat().includes(by.uri))
    .map(({ id, result }) => `${String(id)} ${String(result)}`);
  const rows = town.visitor.collection(quotesCollection);
  const holding = await rows.countDocuments({ actorUri: by.uri, revokedAt: null });
  return [holding, new Set(told).size];
};

/** Every kind of thing that others tell a city of, each with the one effect it may have. */
export const stories: readonly Story[] = [
  {
    promise: "has each new follower once, and says so in one voice",
    activity: follows,
    async outcome({ town, peer }, by) {
      const rows = town.visitor.collection(followersCollection);
      const accepts = peer.inboxed("Accept").filter(({ to }) => [to].flat().includes(by.uri));
      const voices = new Set(accepts.map(({ id }) => id)).size;
      return [await rows.countDocuments({ followerUri: by.uri }), voices];
    },
    expected: [1, 1],
  },
  {
    promise: "counts each support once",
    activity: (ground, by) => ({ by, activity: likeOf(ground, by) }),
    outcome: (ground, by) => supported(ground, by.uri),
    expected: [1, true],
  },
  {
    promise: "takes each support back once",
    before: (ground, by) => [{ by, activity: likeOf(ground, by) }],
    activity: ({ peer, proposal }, by) => {
      const like = { id: `${by.uri}/like`, type: "Like", object: proposal.uri };
      return { by, activity: peer.activity(by, "Undo", like) };
    },
    outcome: (ground, by) => supported(ground, by.uri),
    expected: [0, true],
  },
  {
    promise: "shows each reply once",
    activity: replyOf,
    outcome: commented,
    expected: [1, "<p>Bonne idée.</p>", true],
  },
  {
    promise: "shows each reply that a linked city forwards once",
    activity(ground, by) {
      const note = noteOf(ground, by);
      ground.peer.documents.set(new URL(String(note["id"])).pathname, note);
      return { by: ground.hall, activity: ground.peer.activity(by, "Create", note) };
    },
    outcome: commented,
    expected: [1, "<p>Bonne idée.</p>", true],
  },
  {
    promise: "shows each reply as it was edited",
    before: (ground, by) => [replyOf(ground, by)],
    activity: (ground, by) => {
      const updated = ground.town.clock.now().toISOString();
      const note = noteOf(ground, by, { content: "<p>Mieux.</p>", updated });
      return { by, activity: ground.peer.activity(by, "Update", note) };
    },
    outcome: commented,
    expected: [1, "<p>Mieux.</p>", true],
  },
  {
    promise: "forgets each reply that is deleted, and counts it out once",
    before: (ground, by) => [replyOf(ground, by)],
    activity: (ground, by) => gone(ground, by, `${by.uri}/note`),
    async outcome(ground, by) {
      const comment = await commentByUri(ground.town.visitor, `${by.uri}/note`);
      return [...(await commented(ground, by)), comment?.state];
    },
    expected: [1, "", true, "deleted"],
  },
  {
    promise: "gives each quote one authorisation, and says so in one voice",
    activity: asksToQuote,
    outcome: (ground, by) => quotes(ground, by, "Accept"),
    expected: [1, 1],
  },
  {
    promise: "ends the authorisation of each quoting post that is deleted",
    before: (ground, by) => [asksToQuote(ground, by)],
    activity: (ground, by) => gone(ground, by, quoting(by)),
    outcome: (ground, by) => quotes(ground, by, "Delete"),
    expected: [0, 1],
  },
  {
    promise: "moves each one who moves with all they gave, and counts nobody twice",
    async before(ground, by) {
      const name = `${by.uri.split("/").at(-1)}-anew`;
      const anew = await ground.peer.actor(name, { alsoKnownAs: [by.uri] });
      return [
        ...[follows(ground, by), { by, activity: likeOf(ground, by) }],
        { by: anew, activity: likeOf(ground, anew) },
      ];
    },
    activity: ({ peer }, by) => ({
      ...{ by, activity: peer.activity(by, "Move", by.uri, { target: `${by.uri}-anew` }) },
    }),
    async outcome(ground, by) {
      const rows = ground.town.visitor.collection(followersCollection);
      const target = `${by.uri}-anew`;
      return [
        ...[await rows.countDocuments({ followerUri: by.uri }), await supported(ground, by.uri)],
        ...[await rows.countDocuments({ followerUri: target }), await supported(ground, target)],
      ];
    },
    expected: [0, [0, true], 1, [1, true]],
  },
];
