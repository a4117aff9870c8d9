import { expect } from "chai";
import { commentsCollection } from "../../src/features/comments/comments.js";
import { forgetStale } from "../../src/federation/forgetting.js";
import {
  followersCollection,
  peersCollection,
  remoteActorsCollection,
  type RemoteActor,
} from "../../src/federation/records.js";
import { countingCalls } from "./support/counting.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const days = 24 * 3_600_000;

describe("servers that anybody may invent", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  /** What is still known of a server and of somebody there. */
  async function known(town: Town, { origin }: Peer, { uri }: PeerActor): Promise<boolean[]> {
    const { host } = new URL(origin);
    const peer = await town.visitor.collection(peersCollection).findOne({ host });
    const actor = await town.visitor.collection(remoteActorsCollection).findOne({ uri });
    return [peer !== null, actor !== null];
  }

  it("are forgotten after 90 days, unless somebody there follows or said something here", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const [home, nowhere] = [await aPeer(), await aPeer()];
    const [fan, stranger] = [await home.actor("fan"), await nowhere.actor("stranger")];
    await home.post(town, fan, home.activity(fan, "Follow", `${town.origin}/actor`));
    const lost = nowhere.activity(stranger, "Follow", `${town.origin}/proposals/9/actor`);
    await nowhere.post(town, stranger, lost);
    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri }));
    expect(await known(town, nowhere, stranger)).to.deep.equal([true, true]);

    town.clock.advance(89 * days);
    await forgetStale(town.visitor);
    expect(await known(town, nowhere, stranger)).to.deep.equal([true, true]);

    for (const age of [2, 91]) {
      town.clock.advance(age * days);
      await forgetStale(town.visitor);
      expect(await known(town, nowhere, stranger)).to.deep.equal([false, false]);
      expect(await known(town, home, fan)).to.deep.equal([true, true]);
      expect(await known(town, peer, alice)).to.deep.equal([false, true]);
    }
  });

  it("cost as many queries as one, and keep those of whom one fills every answer", async () => {
    const town = await aTown();
    const now = town.clock.now();
    const stale = { fetchedAt: now, forgetAt: now };
    const actor = (at: number): RemoteActor => ({
      ...{ _id: `a${at}`, uri: `https://a${at}.example/u`, host: `a${at}.example`, type: "Person" },
      ...{ name: "", username: "", summary: "", url: "", inbox: "", sharedInbox: null },
      ...{ followers: null, outbox: null, civicExchange: false, ...stale },
    });
    const follow = (followerUri: string, at: number) => ({
      ...{ _id: `${followerUri}${at}`, actorUri: `${town.origin}/proposals/${at}/actor` },
      ...{ followerUri, target: "", host: "a0.example", linked: false, followUri: "", at: now },
    });
    const actors = town.visitor.collection(remoteActorsCollection);
    await actors.insertMany(Array.from({ length: 150 }, (_, at) => actor(at)));
    const followers = town.visitor.collection(followersCollection);
    const [fan, friend] = ["https://a0.example/u", "https://a9.example/u"];
    const follows = Array.from({ length: 401 }, (_, at) => follow(fan, at));
    await followers.insertMany([...follows, follow(friend, 1)]);

    const count = { calls: 0 };
    await forgetStale(countingCalls(town.visitor, count));

    const left = await actors.find({}, { sort: { uri: 1 }, limit: 10 }).toArray();
    expect(left.map(({ uri }) => uri)).to.deep.equal([fan, friend]);
    expect(count.calls).to.be.lessThan(20);
  });

  it("are known as before when they come again", async () => {
    const { town, peer, alice, tell } = await aScene();
    await tell(alice, "Follow", `${town.origin}/proposals/9/actor`);
    town.clock.advance(91 * days);
    await tell(alice, "Follow", `${town.origin}/proposals/9/actor`);

    await forgetStale(town.visitor);

    expect(await known(town, peer, alice)).to.deep.equal([true, true]);
  });

  /** Somebody of a name below `evil.localhost`, which is as cheap as any other. */
  async function below(peer: Peer, at: number): Promise<PeerActor> {
    const origin = `http://s${at}.evil.localhost:${new URL(peer.origin).port}`;
    const actor = await peer.actor(`w${at}`);
    const [uri, keyId] = [`${origin}/users/w${at}`, `${origin}/users/w${at}#main-key`];
    const told = JSON.stringify(actor.document).replaceAll(peer.origin, origin);
    const document = JSON.parse(told) as Record<string, unknown>;
    peer.documents.set(`/users/w${at}`, document);
    return { ...actor, uri, keyId, document };
  }

  const inNameOf = ({ uri }: PeerActor, activity: Record<string, unknown>) => ({
    ...activity,
    id: `${new URL(uri).origin}/activities/1`,
  });

  it("share what one may send, whatever names they give themselves", async () => {
    const town = await aTown({ timing: { inboxPerMinute: 5 } });
    const peer = await aPeer();
    const statuses: number[] = [];
    for (let at = 0; at < 8; at += 1) {
      const actor = await below(peer, at);
      const flag = inNameOf(actor, peer.activity(actor, "Flag", town.origin));
      statuses.push((await peer.post(town, actor, flag)).status);
    }

    expect(statuses).to.deep.equal([202, 202, 202, 202, 202, 429, 429, 429]);
  });

  it("are one to the moderators, whom they cannot bury", async () => {
    const { town, peer, proposal } = await aScene();
    const spammer = await below(peer, 1);
    const { origin } = new URL(spammer.uri);
    const note = peer.note(spammer, { id: `${origin}/notes/1`, inReplyTo: proposal.uri });

    await peer.post(town, spammer, inNameOf(spammer, peer.activity(spammer, "Create", note)));
    await town.settle();

    const held = await town.visitor.collection(commentsCollection).findOne({ state: "held" });
    expect(held?.handled).to.include({ host: new URL(origin).host, site: "evil.localhost" });
  });
});
