import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import { proposalById, proposalByUri } from "../../src/features/proposals/proposals.js";
import { personByUri } from "../../src/features/people/people.js";
import { followersCollection, reactionsCollection } from "../../src/federation/records.js";
import { between } from "../support/faults.js";
import { closePeers } from "./support/peer.js";
import { actedOn, aLinkedProposal, aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("what comes while something else about it is acted on", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("a comment that its author deletes meanwhile is neither shown nor counted", async () => {
    const keeping = between("comments", "insertOne");
    const scene = await aScene({ storeThrough: keeping.through });
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri });

    keeping.once(() => actedOn(scene, alice, peer.activity(alice, "Delete", note["id"])));
    await tell(alice, "Create", note);

    expect(keeping.happened).to.equal(1);
    const kept = await commentByUri(town.visitor, String(note["id"]));
    expect(kept).to.include({ state: "deleted", body: "", html: "" });
    expect((await proposalById(town.visitor, proposal._id))?.counts.comments).to.equal(0);
  });

  it("a linked proposal that its home deletes meanwhile is not read here", async () => {
    const keeping = between("proposals", "insertOne");
    const scene = await aScene({ storeThrough: keeping.through });
    const { town, peer, tell } = scene;
    const { idea, note } = await aLinkedProposal(scene);

    keeping.once(() => actedOn(scene, idea, peer.activity(idea, "Delete", note["id"])));
    await tell(idea, "Create", note);

    expect(keeping.happened).to.equal(1);
    const kept = await proposalByUri(town.visitor, String(note["id"]));
    expect(kept).to.include({ status: "withdrawn", title: "", html: "" });
  });

  const pressed = [
    ["Like", between("supports", "insertOne")],
    ["Announce", between("reactions", "updateOne")],
    ["Follow", between("remoteFollowers", "updateOne")],
  ] as const;

  for (const [type, writing] of pressed) {
    it(`a ${type} that is undone meanwhile is none, nor one of somebody who leaves`, async () => {
      const scene = await aScene({ storeThrough: writing.through });
      const { town, peer, alice, evil, proposal, tell, supports } = scene;
      const object = type === "Follow" ? `${proposal.uri}/actor` : proposal.uri;

      const first = peer.activity(alice, type, object);
      writing.once(() => actedOn(scene, alice, peer.activity(alice, "Undo", first["id"])));
      await tell(alice, type, object, { id: first["id"] });
      writing.once(() => actedOn(scene, evil, peer.activity(evil, "Delete", evil.uri)));
      await tell(evil, type, object);

      expect(writing.happened).to.equal(2);
      expect(await supports()).to.equal(0);
      const { visitor } = town;
      expect(await visitor.collection(reactionsCollection).countDocuments({})).to.equal(0);
      expect(await visitor.collection(followersCollection).countDocuments({})).to.equal(0);
    });
  }

  it("what somebody says who leaves meanwhile is not shown, nor is their name", async () => {
    const keeping = between("comments", "insertOne");
    const scene = await aScene({ storeThrough: keeping.through });
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri });

    keeping.once(() => actedOn(scene, alice, peer.activity(alice, "Delete", alice.uri)));
    await tell(alice, "Create", note);

    expect(keeping.happened).to.equal(1);
    expect((await commentByUri(town.visitor, String(note["id"])))?.state).to.equal("deleted");
    expect((await personByUri(town.visitor, alice.uri))?.erasedAt).to.not.equal(null);
  });

  it("a comment reads as it was changed meanwhile", async () => {
    const keeping = between("comments", "insertOne");
    const scene = await aScene({ storeThrough: keeping.through });
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const published = new Date(town.clock.now().getTime() - 60_000).toISOString();
    const note = peer.note(alice, { inReplyTo: proposal.uri, published });
    const changed = { content: "<p>Mieux.</p>", updated: town.clock.now().toISOString() };

    keeping.once(() => actedOn(scene, alice, peer.activity(alice, "Create", note)));
    await tell(alice, "Update", { ...note, ...changed });

    expect(keeping.happened).to.equal(1);
    expect((await commentByUri(town.visitor, String(note["id"])))?.body).to.equal("Mieux.");
    expect((await proposalById(town.visitor, proposal._id))?.counts.comments).to.equal(1);
  });

  it("a comment that its author shows to fewer people meanwhile is read by nobody here", async () => {
    const keeping = between("comments", "insertOne");
    const scene = await aScene({ storeThrough: keeping.through });
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    const narrowed = { ...note, to: [`${alice.uri}/followers`], content: "<p>Entre nous.</p>" };

    keeping.once(() => actedOn(scene, alice, peer.activity(alice, "Create", note)));
    await tell(alice, "Update", narrowed);

    expect(keeping.happened).to.equal(1);
    const kept = await commentByUri(town.visitor, String(note["id"]));
    expect(kept).to.include({ state: "deleted", body: "" });
  });
});
