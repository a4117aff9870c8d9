import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import { proposalByUri } from "../../src/features/proposals/proposals.js";
import { followingCollection, inboxCollection } from "../../src/federation/records.js";
import { withProof } from "../../src/federation/signatures/proof.js";
import { aPeer, closePeers } from "./support/peer.js";
import { anAttester, aRelay } from "./support/relay.js";
import { aScene, type Scene } from "./support/scene.js";
import { aTown, closeTowns } from "./support/town.js";

/** What a proposal tells of itself to linked instances. */
const civic = {
  ...{ kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>", status: "open" },
  ...{ author: "Ana", instance: "Là-bas", supports: 2, comments: 0, of: "city", answeredBy: [] },
};

/** A city of another server that this town is linked with. */
async function linkedWith({ town, peer, tell }: Scene) {
  const hall = await peer.actor("hall", { type: "Organization" });
  const link = await town.federation.linkInstance(town.visitor, hall.uri);
  await tell(hall, "Accept", { id: link.followUri, type: "Follow" });
  return hall;
}

describe("who sends on what others said", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("may be anybody, as long as its author's own proof is on it", async () => {
    const { town, home, alice, attested, reply } = await aRelay();
    const zoe = await home.actor("zoe");
    const said = reply();
    const change = home.activity(alice, "Create", said);

    expect((await home.post(town, zoe, attested(change))).status).to.equal(202);
    await town.settle();

    const comment = await commentByUri(town.visitor, said["id"] as string);
    expect([comment?.state, comment?.handled?.why]).to.deep.equal(["held", ["first-comment"]]);
  });

  it("counts as vouched for by a linked city also where somebody else was faster", async () => {
    const [town, peer] = [await aTown({ asleep: true }), await aPeer()];
    const hall = await peer.actor("hall", { type: "Organization" });
    await town.visitor.collection(followingCollection).insertOne({
      ...{ _id: "f", actorUri: `${town.origin}/actor`, targetUri: hall.uri },
      ...{ host: new URL(peer.origin).host, followUri: `${town.origin}/activities/f` },
      ...{ state: "accepted", at: town.clock.now() },
    });
    const [zoe, alice] = [await peer.actor("zoe"), await anAttester(peer, "alix")];
    const change = peer.activity(alice, "Create", peer.note(alice, {}));
    const proven = withProof(change, {
      ...{ verificationMethod: alice.method, privateKey: alice.proofKey },
      created: town.clock.now(),
    });

    const vouched: Array<boolean | undefined> = [];
    for (const bringer of [zoe, hall, zoe]) {
      expect((await peer.post(town, bringer, proven)).status).to.equal(202);
      const entry = await town.visitor.collection(inboxCollection).findOne({});
      vouched.push(entry?.isVouched);
    }

    expect(vouched).to.deep.equal([false, true, true]);
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(1);
  });

  it("is nobody of whom we know nothing, when the proof is missing or another one's", async () => {
    const { town, home, alice, mallory, attested, reply, asked } = await aRelay();
    const zoe = await home.actor("zoe");
    const said = reply();
    const change = home.activity(alice, "Create", said);

    expect((await home.post(town, zoe, change)).status).to.equal(401);
    expect((await home.post(town, zoe, attested(change, mallory))).status).to.equal(401);

    await town.settle();
    expect(await commentByUri(town.visitor, said["id"] as string)).to.equal(null);
    expect(asked()).to.not.include(new URL(said["id"] as string).pathname);
  });

  it("vouches for it when it is the city or a proposal of a linked instance", async () => {
    const scene = await aScene();
    const { town, peer, proposal } = scene;
    await linkedWith(scene);
    const idea = await peer.actor("p1", { type: "Group" });
    const zoe = await anAttester(peer, "zoe");
    const said = peer.note(zoe, { inReplyTo: proposal.uri });
    peer.documents.set(new URL(said["id"] as string).pathname, said);

    const { status } = await peer.post(town, idea, peer.activity(zoe, "Create", said));
    await town.settle();

    expect(status).to.equal(202);
    expect((await commentByUri(town.visitor, said["id"] as string))?.state).to.equal("shown");
  });

  it("vouches for nobody by merely having an account on a linked host", async () => {
    const scene = await aScene();
    const { town, peer, evil, alice, proposal } = scene;
    await linkedWith(scene);
    const said = peer.note(alice, { inReplyTo: proposal.uri });
    peer.documents.set(new URL(said["id"] as string).pathname, said);

    const { status } = await peer.post(town, evil, peer.activity(alice, "Create", said));
    await town.settle();

    expect(status).to.equal(401);
    expect(await commentByUri(town.visitor, said["id"] as string)).to.equal(null);
  });

  it("publishes no proposal here as a mere person of a linked host", async () => {
    const scene = await aScene();
    const { town, peer, evil, tell } = scene;
    await linkedWith(scene);
    const idea = await peer.actor("p1", { type: "Group" });
    const [personal, civicNote] = [peer.note(evil, { civic }), peer.note(idea, { civic })];

    await tell(evil, "Create", personal);
    await tell(evil, "Update", personal);
    await tell(idea, "Create", civicNote);

    expect(await proposalByUri(town.visitor, personal["id"] as string)).to.equal(null);
    const kept = await proposalByUri(town.visitor, civicNote["id"] as string);
    expect(kept?.title).to.equal("Un banc");
  });
});
