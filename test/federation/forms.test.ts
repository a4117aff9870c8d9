import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import { followersCollection } from "../../src/federation/records.js";
import { closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("another server may write what it says in its own form", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("an actor whose every property is a list of one follows as anybody does", async () => {
    const { town, peer, tell } = await aScene();
    const bob = await peer.actor("bob", { endpoints: [{ sharedInbox: [`${peer.origin}/all`] }] });
    const { id, publicKey, ...rest } = bob.document;
    const listed = Object.entries(rest).map(([key, value]) => [
      key,
      Array.isArray(value) ? value : [value],
    ]);
    peer.documents.set("/users/bob", { id, publicKey, ...Object.fromEntries(listed) });

    await tell(bob, "Follow", `${town.origin}/actor`);

    const row = await town.visitor
      .collection(followersCollection)
      .findOne({ followerUri: bob.uri });
    expect(row).to.include({ target: `${peer.origin}/all` });
  });

  it("an actor of two types is what the first that we know says", async () => {
    const { town, peer, tell } = await aScene();
    const bob = await peer.actor("bob", { type: ["PropertyHolder", "Person"] });

    await tell(bob, "Follow", `${town.origin}/actor`);

    const rows = town.visitor.collection(followersCollection);
    expect(await rows.countDocuments({ followerUri: bob.uri })).to.equal(1);
  });

  it("a reply with two authors is the first one's, and of nobody else", async () => {
    const { town, peer, alice, evil, proposal, tell } = await aScene();
    const both = [alice.uri, `${peer.origin}/channels/garden`];
    const note = peer.note(alice, { inReplyTo: proposal.uri, attributedTo: both });
    const stolen = peer.note(evil, { inReplyTo: proposal.uri, attributedTo: both });

    expect(await tell(alice, "Create", note)).to.equal(202);
    expect(await tell(evil, "Create", stolen)).to.equal(400);

    const comment = await commentByUri(town.visitor, note["id"] as string);
    expect(comment?.state).to.equal("held");
  });

  it("a long text is taken as far as the activity is not too large", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const note = peer.note(alice, { inReplyTo: proposal.uri, content: "é".repeat(250_000) });

    expect(await tell(alice, "Create", note)).to.equal(202);

    const comment = await commentByUri(town.visitor, note["id"] as string);
    expect(comment?.body).to.have.length.within(1_000, 20_000);
  });
});
