import { expect } from "chai";
import {
  commentByUri,
  deleteComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import { consentToNetwork, personByUri } from "../../src/features/people/people.js";
import {
  activitiesCollection,
  followersCollection,
  reactionsCollection,
  remoteActorsCollection,
} from "../../src/federation/records.js";
import { closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("what is known of somebody on the network", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is asked for anew after a day, and no sooner (requirement 25)", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Like", proposal.uri);
    const read = (): number => peer.received.filter(({ path }) => path === "/users/alice").length;
    const before = read();
    const rows = town.visitor.collection(remoteActorsCollection);
    const first = await rows.findOne({ uri: alice.uri });

    await tell(alice, "Announce", proposal.uri);
    await tell(alice, "Follow", `${town.origin}/actor`);
    expect(read()).to.equal(before);

    town.clock.advance(25 * 3_600_000);
    await town.settle();
    await tell(alice, "Follow", `${town.origin}/actor`);
    const later = await rows.findOne({ uri: alice.uri });
    expect(read()).to.be.greaterThan(before);
    expect(later?.fetchedAt.getTime()).to.be.greaterThan(first?.fetchedAt.getTime() ?? Infinity);
  });

  it("is forgotten when their server says that they are gone", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Follow", `${town.origin}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Create", note);

    expect(await tell(alice, "Delete", alice.uri)).to.equal(202);

    expect((await personByUri(town.visitor, alice.uri))?.erasedAt).to.not.equal(null);
    const followers = town.visitor.collection(followersCollection);
    expect(await followers.countDocuments({ followerUri: alice.uri })).to.equal(0);
  });

  it("stays forgotten, whatever they sent before comes later", async () => {
    const { town, peer, alice, proposal, tell, supports } = await aScene();
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Follow", `${town.origin}/actor`);

    await tell(alice, "Delete", alice.uri);
    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    await tell(alice, "Create", note);
    await tell(alice, "Update", alice.uri);

    expect(await supports()).to.equal(0);
    const followers = town.visitor.collection(followersCollection);
    expect(await followers.countDocuments({ followerUri: alice.uri })).to.equal(0);
    expect(await commentByUri(town.visitor, String(note["id"]))).to.equal(null);
    expect(await personByUri(town.visitor, alice.uri)).to.equal(null);
    const actors = town.visitor.collection(remoteActorsCollection);
    expect(await actors.findOne({ uri: alice.uri })).to.equal(null);
  });

  it("may still be rid of what they said, once they have left", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Follow", `${town.origin}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Create", note);

    await tell(alice, "Delete", alice.uri);
    await tell(alice, "Delete", note["id"]);

    expect((await commentByUri(town.visitor, String(note["id"])))?.body).to.equal("");
  });

  it("cannot bring back what they deleted, whichever came first", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const note = peer.note(alice, { inReplyTo: proposal.uri });

    await tell(alice, "Delete", { id: note["id"], type: "Tombstone" });
    await tell(alice, "Create", note);

    expect(await commentByUri(town.visitor, note["id"] as string)).to.equal(null);
  });

  it("is not hindered by somebody else's Delete or Undo of what they say later", async () => {
    const { town, peer, alice, evil, proposal, tell } = await aScene();
    const actor = `${town.origin}/actor`;
    const notes = [1, 2].map(() => peer.note(alice, { inReplyTo: proposal.uri }));
    const [first, second] = notes.map(({ id }) => String(id));
    const followed = `${peer.origin}/follows/9`;

    await tell(evil, "Delete", first);
    await tell(evil, "Undo", { id: second, type: "Like", object: proposal.uri });
    await tell(evil, "Undo", { id: followed, type: "Follow", object: actor });
    await tell(alice, "Follow", actor, { id: followed });
    for (const note of notes) await tell(alice, "Create", note);

    for (const uri of [first, second]) {
      expect((await commentByUri(town.visitor, uri ?? ""))?.state).to.equal("shown");
    }
    const followers = town.visitor.collection(followersCollection);
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(1);
  });

  it("neither supports nor follows where the Undo came first", async () => {
    const { town, peer, alice, proposal, tell, supports } = await aScene();
    const [like, followed] = [`${peer.origin}/likes/7`, `${peer.origin}/follows/7`];
    const actor = `${town.origin}/actor`;

    await tell(alice, "Undo", { id: like, type: "Like", object: proposal.uri });
    await tell(alice, "Like", proposal.uri, { id: like });
    await tell(alice, "Undo", { id: followed, type: "Follow", object: actor });
    await tell(alice, "Follow", actor, { id: followed });

    expect(await supports()).to.equal(0);
    const reactions = town.visitor.collection(reactionsCollection);
    expect(await reactions.findOne({ activityUri: like })).to.equal(null);
    const followers = town.visitor.collection(followersCollection);
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(0);
  });

  it("still supports and follows where what is undone was said again since", async () => {
    const { town, peer, alice, proposal, tell, supports } = await aScene();
    const actor = `${town.origin}/actor`;
    const followers = town.visitor.collection(followersCollection);
    for (const [type, object] of [
      ["Like", proposal.uri],
      ["Follow", actor],
    ] as const) {
      const id = `${peer.origin}/former/${type}`;
      await tell(alice, type, object, { id });
      await tell(alice, type, object);
      await tell(alice, "Undo", { id, type, actor: alice.uri, object });
    }

    expect(await supports()).to.equal(1);
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(1);

    await tell(alice, "Undo", { id: `${peer.origin}/new/1`, type: "Like", object: proposal.uri });
    await tell(alice, "Undo", { type: "Follow", actor: alice.uri, object: actor });
    expect(await supports()).to.equal(0);
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(0);
  });

  it("finds 410 where a comment was deleted or a citizen left (requirement 22)", async () => {
    const { town, proposal } = await aScene();
    const citizen = await town.newcomer();
    const person = await consentToNetwork(citizen);
    const comment = await publishComment(citizen, {
      ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
    });
    await town.settle();
    const headers = { accept: "application/activity+json" };
    const outbox = async (): Promise<string> =>
      (await fetch(`${person.uri}/outbox`, { headers })).text();
    const created = await town.visitor
      .collection(activitiesCollection)
      .findOne({ objectUri: comment.uri, type: "Create" });
    expect((await fetch(comment.uri, { headers })).status).to.equal(200);
    expect((await fetch(created?.uri ?? "", { headers })).status).to.equal(200);
    expect(await outbox()).to.contain("Oui.");

    await deleteComment(citizen, comment._id);

    expect((await fetch(created?.uri ?? "", { headers })).status).to.equal(410);
    expect(await outbox()).to.not.contain("Oui.");

    const gone = await fetch(comment.uri, { headers });
    expect(gone.status).to.equal(410);
    expect(((await gone.json()) as { type: string }).type).to.equal("Tombstone");
    expect((await fetch(person.uri ?? "", { headers })).status).to.equal(200);
  });
});
