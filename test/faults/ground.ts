import { createAccount } from "../../src/features/accounts/accounts.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createTopic } from "../../src/features/topics/topics.js";
import { city, actorUri } from "../../src/federation/addresses.js";
import { followersCollection } from "../../src/federation/records.js";
import type { App } from "../../src/app.js";
import type { Ctx, Instance } from "../../src/kit/index.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { aPeer, type Peer } from "../federation/support/peer.js";
import { aDraft } from "../support/builders.js";

/** What there is before anything fails. */
export interface Ground {
  readonly origin: string;
  readonly port: number;
  readonly instance: Instance;
  readonly topicId: string;
  /** Of members, commented on and supported all along. */
  readonly proposals: readonly Proposal[];
  /** Proposals that the town hall may answer. */
  readonly unanswered: Proposal[];
  readonly members: readonly Member[];
  readonly peers: readonly Peer[];
}

interface Member {
  readonly id: string;
  readonly isOfficial: boolean;
  readonly credentials: { readonly mail: string; readonly password: string };
}

const password = "une longue phrase";
const [memberCount, peerCount, proposalCount] = [6, 3, 4];

/**
 * Founds a city of a few members, proposals, and servers elsewhere that follow all of it.
 * @param answerCount how many proposals the town hall may answer
 */
export async function aGround(app: App, origin: string, answerCount = 40): Promise<Ground> {
  const wish = { origin, name: "Valmont", language: "fr", kind: "city" } as const;
  const instance = await app.instances.create({ ...wish, setUpTokenHash: null });
  const visitor = app.contexts({ instance, member: null, language: "fr" });
  const topic = await createTopic(visitor, { name: "Nature", description: "" });
  const members: Member[] = [];
  let author: Ctx = visitor;
  for (let n = 0; n < memberCount; n += 1) {
    const isOfficial = n === 0;
    const credentials = { mail: `member${n}@mail.example`, password };
    const roles = isOfficial ? (["citizen", "official"] as const) : (["citizen"] as const);
    const { _id } = await createAccount(visitor, {
      ...{ ...credentials, name: `Membre ${n}`, roles: [...roles], confirmed: true },
    });
    const member = { _id, name: `Membre ${n}`, roles: [...roles], language: "fr" as const };
    author = app.contexts({ instance, member, language: "fr" });
    await consentToNetwork(author);
    members.push({ id: _id, isOfficial, credentials });
  }
  const proposals: Proposal[] = [];
  for (let n = 0; n < proposalCount + answerCount; n += 1) {
    if (n % 8 === 0) {
      const member = members[(n / 8) % members.length] as Member;
      const named = { _id: member.id, name: "Membre", roles: ["citizen" as const] };
      author = app.contexts({ instance, member: { ...named, language: "fr" }, language: "fr" });
    }
    proposals.push(await publishProposal(author, aDraft({ topicId: topic._id })));
  }
  const peers = await Promise.all(Array.from({ length: peerCount }, () => aPeer()));
  const followed = [actorUri(instance, city), ...proposals.map(({ uri }) => `${uri}/actor`)];
  for (const peer of peers) await follows(visitor, peer, followed);
  return {
    ...{ origin, port: Number(new URL(origin).port), instance, topicId: topic._id, members, peers },
    proposals: proposals.slice(0, proposalCount),
    unanswered: proposals.slice(proposalCount),
  };
}

async function follows(ctx: Ctx, { origin }: Peer, followed: readonly string[]): Promise<void> {
  const followerUri = `${origin}/users/f`;
  for (const actor of followed) {
    await ctx.collection(followersCollection).insertOne({
      ...{ _id: ctx.ids.next(), actorUri: actor, followerUri, target: `${origin}/inbox` },
      ...{ host: new URL(origin).host, linked: false, followUri: `${followerUri}/${actor}` },
      at: ctx.clock.now(),
    });
  }
}
