import { expect } from "chai";
import { consentToNetwork, leaveNetwork } from "../../src/features/people/people.js";
import { followersCollection, inboxCollection } from "../../src/federation/records.js";
import { closePeers, type Peer } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("whoever wants to follow is answered", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const answers = (peer: Peer): unknown[] =>
    peer
      .inboxed()
      .filter(({ type }) => type === "Accept" || type === "Reject")
      .map(({ type, actor, object }) => [type, actor, (object as { id?: unknown }).id]);

  it("with a refusal by the site itself where nobody can be followed", async () => {
    const { town, peer, alice } = await aScene();
    const citizen = await town.newcomer();
    const { uri: left } = await consentToNetwork(citizen);
    await leaveNetwork(citizen);
    await town.settle();
    const wanted = [`${town.origin}/proposals/999/actor`, `${town.origin}/nothing/here`, left];
    const follows = wanted.map((uri) => peer.activity(alice, "Follow", uri));

    for (const one of follows) {
      expect((await peer.post(town, alice, one)).status).to.equal(202);
      await town.settle();
    }

    const site = `${town.origin}/actor/instance`;
    expect(answers(peer)).to.deep.equal(follows.map(({ id }) => ["Reject", site, id]));
    const rows = town.visitor.collection(followersCollection);
    expect(await rows.countDocuments({ followerUri: alice.uri })).to.equal(0);
  });

  it("unless it is somebody of another site", async () => {
    const { peer, alice, evil, tell } = await aScene();

    await tell(alice, "Follow", evil.uri);

    expect(answers(peer)).to.deep.equal([]);
  });

  it("again when it asks again by the same id, since the first answer may be lost", async () => {
    const { town, peer, alice } = await aScene();
    const city = `${town.origin}/actor`;
    const follow = peer.activity(alice, "Follow", city);
    const ask = async (): Promise<void> => {
      expect((await peer.post(town, alice, follow)).status).to.equal(202);
      await town.settle();
    };
    await ask();

    town.clock.advance(61_000);
    await ask();
    town.clock.advance(61_000);
    await ask();

    const accepted = ["Accept", city, follow["id"]];
    expect(answers(peer)).to.deep.equal([accepted, accepted, accepted]);
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(1);
    const rows = town.visitor.collection(followersCollection);
    expect(await rows.countDocuments({ followerUri: alice.uri })).to.equal(1);
  });

  it("each time they come and go, where every Follow and every Undo has the same id", async () => {
    const { town, peer, alice } = await aScene();
    const city = `${town.origin}/actor`;
    const id = `${peer.origin}/follows/alice/city`;
    const follow = { ...peer.activity(alice, "Follow", city), id };
    const undo = { ...peer.activity(alice, "Undo", follow), id: `${id}/undo` };
    const rows = town.visitor.collection(followersCollection);
    const after = async (activity: Record<string, unknown>, ms: number): Promise<number> => {
      town.clock.advance(ms);
      expect((await peer.post(town, alice, activity)).status).to.equal(202);
      await town.settle();
      return rows.countDocuments({ followerUri: alice.uri });
    };

    const came = [await after(follow, 0), await after(undo, 61_000)];
    const back = [await after(follow, 1_000), await after(follow, 1_000)];
    const left = [await after(undo, 1_000), await after(undo, 1_000)];

    expect([came, back, left]).to.deep.equal([
      [1, 0],
      [1, 1],
      [0, 0],
    ]);
    expect(answers(peer)).to.deep.equal([
      ["Accept", city, id],
      ["Accept", city, id],
    ]);
  });

  it("once, however many copies of it come at once", async () => {
    const { town, peer, alice } = await aScene();
    const follow = peer.activity(alice, "Follow", `${town.origin}/actor`);
    await peer.post(town, alice, follow);
    await town.settle();
    town.clock.advance(61_000);

    await Promise.all(Array.from({ length: 20 }, () => peer.post(town, alice, follow)));
    await town.settle();

    expect(answers(peer)).to.have.length(2);
  });
});
