import { expect } from "chai";
import { consentToNetwork, leaveNetwork } from "../../src/features/people/people.js";
import { blockersCollection } from "../../src/federation/blockers.js";
import { blocksCollection } from "../../src/federation/policy/records.js";
import { followersCollection, inboxCollection } from "../../src/federation/records.js";
import { between } from "../support/faults.js";
import { closePeers, type Peer } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns } from "./support/town.js";

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

  /** Somebody whose every Follow, and every Undo of it, has the same id (as Misskey sends them). */
  async function sameIds() {
    const { town, peer, alice } = await aScene();
    const city = `${town.origin}/actor`;
    const id = `${peer.origin}/follows/alice/city`;
    const follow = { ...peer.activity(alice, "Follow", city), id };
    const undo = { ...peer.activity(alice, "Undo", follow), id: `${id}/undo` };
    const rows = town.visitor.collection(followersCollection);
    return { town, peer, alice, city, id, follow, undo, rows };
  }

  it("each time they come and go, where every Follow and every Undo has the same id", async () => {
    const { town, peer, alice, city, id, follow, undo, rows } = await sameIds();
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

  it("and followed, when they change their mind twice within a minute by the same ids", async () => {
    const { town, peer, alice, follow, undo, rows } = await sameIds();
    const counts: number[] = [];
    for (const activity of [follow, undo, follow, undo, follow]) {
      town.clock.advance(1_000);
      expect((await peer.post(town, alice, activity)).status).to.equal(202);
      await town.settle();
      counts.push(await rows.countDocuments({ followerUri: alice.uri }));
    }

    expect(counts).to.deep.equal([1, 0, 1, 0, 1]);
    expect(answers(peer)).to.have.length(3);
  });

  it("and followed, when they did so before anything was acted on", async () => {
    const { town, peer, alice } = await aScene();
    const city = `${town.origin}/actor`;
    const id = `${peer.origin}/follows/alice/city`;
    const follow = { ...peer.activity(alice, "Follow", city), id };
    const undo = { ...peer.activity(alice, "Undo", follow), id: `${id}/undo` };
    const slow = await aTown({ asleep: true });
    const to = (activity: Record<string, unknown>) => {
      const told = JSON.stringify(activity).replaceAll(town.origin, slow.origin);
      return peer.post(slow, alice, JSON.parse(told) as Record<string, unknown>);
    };
    for (const activity of [follow, undo, follow]) {
      slow.clock.advance(1_000);
      expect((await to(activity)).status).to.equal(202);
    }

    await slow.queue.start();
    await slow.settle();

    const rows = slow.visitor.collection(followersCollection);
    expect(await rows.countDocuments({ followerUri: alice.uri })).to.equal(1);
  });

  it("and not followed by whom we block, or who blocks us, just as they ask", async () => {
    for (const side of ["ours", "theirs"] as const) {
      const keeping = between("remoteFollowers", "updateOne");
      const { town, peer, alice, tell } = await aScene({ storeThrough: keeping.through });
      const city = `${town.origin}/actor`;
      keeping.once(async () => {
        const at = town.clock.now();
        if (side === "ours") {
          const who = alice.uri;
          const rows = town.visitor.collection(blocksCollection);
          await rows.insertOne({ _id: "b", who, severity: "blocked", at });
          await town.visitor.collection(followersCollection).deleteMany({ followerUri: who });
          return;
        }
        await town.visitor.collection(blockersCollection).insertOne({
          ...{ _id: "b", actorUri: city, by: alice.uri, at },
          ...{ activityUri: `${peer.origin}/blocks/1`, inboxes: [`${peer.origin}/inbox`] },
        });
        await town.visitor.collection(followersCollection).deleteMany({ followerUri: alice.uri });
      });

      await tell(alice, "Follow", city);

      expect(keeping.happened).to.equal(1);
      const rows = town.visitor.collection(followersCollection);
      expect(await rows.countDocuments({ followerUri: alice.uri }), side).to.equal(0);
      expect(answers(peer).filter((one) => (one as unknown[])[0] === "Accept")).to.deep.equal([]);
    }
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
