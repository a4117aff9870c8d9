import { expect } from "chai";
import {
  commentByUri,
  commentsCollection,
  publishComment,
} from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import {
  proposalById,
  proposalByUri,
  proposalsCollection,
} from "../../src/features/proposals/proposals.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import {
  activitiesCollection,
  followersCollection,
  followingCollection,
  inboxCollection,
  keysCollection,
  reactionsCollection,
} from "../../src/federation/records.js";
import { closePeers, type PeerActor } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("what somebody on the network can do here", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("changes nothing that is not theirs (requirement 10, S1 and S3)", async () => {
    const { town, peer, alice, evil, proposal, tell } = await aScene();
    await tell(alice, "Follow", `${town.origin}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri, content: "<p>Vrai.</p>" });
    await tell(alice, "Create", note);
    const ownKey = async (): Promise<unknown> =>
      town.visitor.collection(keysCollection).findOne({ _id: `${proposal.uri}/actor` });
    const keyBefore = await ownKey();

    await tell(evil, "Update", { ...note, attributedTo: evil.uri, content: "<p>Faux.</p>" });
    await tell(evil, "Delete", note["id"]);
    await tell(evil, "Delete", proposal.uri);
    await tell(evil, "Update", {
      ...{ id: `${town.origin}/actor`, type: "Organization", attributedTo: evil.uri },
    });
    await tell(evil, "Undo", { id: `${peer.origin}/activities/1`, type: "Create" });

    const kept = await commentByUri(town.visitor, note["id"] as string);
    expect(kept?.body).to.equal("Vrai.");
    expect(kept?.state).to.equal("shown");
    expect((await proposalById(town.visitor, proposal._id))?.status).to.equal("open");
    expect(keyBefore).to.not.equal(null);
    expect(await ownKey()).to.deep.equal(keyBefore);
  });

  it("follows only by a Follow of its own, once for each pair (requirement 11, S5 and S8)", async () => {
    const { town, peer, alice, evil, tell } = await aScene();
    const actor = `${town.origin}/actor`;
    const followers = town.visitor.collection(followersCollection);
    await tell(alice, "Follow", actor);
    await tell(alice, "Follow", actor);
    await tell(evil, "Accept", { type: "Follow", actor, object: evil.uri });
    await tell(evil, "Create", peer.note(evil, { _meta: { collection: [`${actor}/followers`] } }));
    await tell(evil, "Reject", { type: "Follow", actor: alice.uri, object: actor });

    expect(await followers.countDocuments({ actorUri: actor })).to.equal(1);
    expect(await town.visitor.collection(followingCollection).countDocuments({})).to.equal(0);
    expect(peer.inboxed("Accept")).to.have.length(2);

    await tell(evil, "Undo", { type: "Follow", actor: alice.uri, object: actor });
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(1);
    await tell(alice, "Undo", { type: "Follow", actor: alice.uri, object: actor });
    expect(await followers.countDocuments({ actorUri: actor })).to.equal(0);
  });

  it("accepts only what our own city has asked of that very actor (requirement 11)", async () => {
    const { town, alice, evil, tell } = await aScene();
    const link = await town.federation.linkInstance(town.visitor, alice.uri);
    const state = async (): Promise<string | undefined> =>
      (await town.visitor.collection(followingCollection).findOne({ followUri: link.followUri }))
        ?.state;

    await tell(evil, "Accept", link.followUri);
    expect(await state()).to.equal("asked");
    await tell(alice, "Accept", { id: link.followUri, type: "Follow" });
    expect(await state()).to.equal("accepted");
    await tell(evil, "Reject", link.followUri);
    expect(await state()).to.equal("accepted");
    await tell(alice, "Reject", link.followUri);
    expect(await state()).to.equal("refused");
    await tell(alice, "Accept", link.followUri);
    expect(await state(), "an Accept that comes late").to.equal("refused");
  });

  it("supports by a favourite of the Note, and takes it back by actor and object (requirement 20)", async () => {
    const { town, peer, alice, proposal, tell, supports } = await aScene();

    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Like", proposal.uri);
    expect(await supports()).to.equal(1);
    await tell(alice, "Undo", { type: "Like", actor: alice.uri, object: proposal.uri });
    expect(await supports()).to.equal(0);

    const id = `${peer.origin}/likes/1`;
    await tell(alice, "Like", proposal.uri, { id });
    expect(await supports()).to.equal(1);
    await tell(alice, "Undo", id);
    expect(await supports()).to.equal(0);

    const created = await town.visitor
      .collection(activitiesCollection)
      .findOne({ key: `create/${proposal._id}` });
    await tell(alice, "Like", created?.uri);
    expect(await supports()).to.equal(1);
  });

  it("is counted where it boosts, and every advertised collection is there (requirement 20)", async () => {
    const { town, alice, proposal, tell } = await aScene();
    await tell(alice, "Announce", proposal.uri);
    await tell(alice, "Announce", proposal.uri);
    const headers = { accept: "application/activity+json" };
    const read = async (url: string): Promise<Record<string, unknown>> => {
      const answer = await fetch(url, { headers });
      expect(answer.status, url).to.equal(200);
      return (await answer.json()) as Record<string, unknown>;
    };

    const note = await read(proposal.uri);
    for (const name of ["replies", "likes", "shares"]) {
      const { id, totalItems } = note[name] as { id: string; totalItems: number };
      expect((await read(id))["totalItems"]).to.equal(totalItems);
    }
    expect((note["shares"] as { totalItems: number }).totalItems).to.equal(1);
    await read(note["context"] as string);

    await tell(alice, "Undo", { type: "Announce", actor: alice.uri, object: proposal.uri });
    const rows = town.visitor.collection(reactionsCollection);
    expect(await rows.countDocuments({ objectUri: proposal.uri, kind: "announce" })).to.equal(0);
  });

  it("can neither like nor boost what is not public (requirement 21)", async () => {
    const { town, alice, tell } = await aScene();
    await tell(alice, "Follow", `${town.origin}/actor`);
    const accept = await town.visitor
      .collection(activitiesCollection)
      .find({ actorUri: `${town.origin}/actor`, listed: false })
      .toArray();
    const uri = accept[0]?.uri ?? "";

    await tell(alice, "Like", uri);
    await tell(alice, "Announce", uri);

    expect((await fetch(uri)).status).to.equal(404);
    const rows = town.visitor.collection(reactionsCollection);
    expect(await rows.countDocuments({ objectUri: uri, kind: "like" })).to.equal(0);
    expect(await town.visitor.collection(supportsCollection).countDocuments({})).to.equal(0);
  });

  it("is read by everybody only where it says so", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const note = peer.note(alice, { inReplyTo: proposal.uri, to: [`${town.origin}/actor`] });

    await tell(alice, "Create", note);

    const kept = await commentByUri(town.visitor, note["id"] as string);
    expect([kept?.state, kept?.body, kept?.html]).to.deep.equal(["refused", "", ""]);
    expect(kept?.handled?.why).to.deep.equal(["not-public"]);
  });

  it("writes HTML that is cleaned before it is stored (requirement 23)", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const content = '<p onclick="x()">Oui<script>alert(1)</script><img src="//x/y"></p>';
    const note = peer.note(alice, { inReplyTo: proposal.uri, content });

    await tell(alice, "Create", note);

    const kept = await town.visitor
      .collection(commentsCollection)
      .findOne({ uri: note["id"] as string });
    expect(kept?.html).to.equal("<p>Oui</p>");
  });

  it("shows the last wording of a proposal, also when its first one comes after it", async () => {
    const { town, peer, evil } = await aScene();
    const hall = await peer.actor("hall", { type: "Organization" });
    const link = await town.federation.linkInstance(town.visitor, hall.uri);
    const say = async (actor: PeerActor, type: string, object: unknown): Promise<void> => {
      await peer.post(town, actor, peer.activity(actor, type, object));
      await town.settle();
    };
    await say(hall, "Accept", { id: link.followUri, type: "Follow" });
    const idea = await peer.actor("p1", { type: "Group" });
    const civic = { kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>" };
    const told = {
      ...{ status: "open", author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
      ...{ of: "city", answeredBy: [hall.uri] },
    };
    const note = peer.note(idea, { civic: { ...civic, ...told } });

    await say(idea, "Update", { ...note, civic: { ...civic, ...told, title: "Deux bancs" } });
    await say(idea, "Create", note);
    await say(evil, "Create", { ...note, attributedTo: evil.uri });

    const kept = await proposalByUri(town.visitor, note["id"] as string);
    expect(kept?.title).to.equal("Deux bancs");
    expect(kept?.elsewhere?.actorUri).to.equal(idea.uri);
  });

  it("boosts an answer that is known here, and nobody is asked for it", async () => {
    const { town, peer, tell } = await aScene();
    const hall = await peer.actor("hall", { type: "Organization" });
    const link = await town.federation.linkInstance(town.visitor, hall.uri);
    await tell(hall, "Accept", { id: link.followUri, type: "Follow" });
    const idea = await peer.actor("p1", { type: "Group" });
    const civic = { kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>" };
    const told = {
      ...{ status: "open", author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
      ...{ of: "city", answeredBy: [hall.uri] },
    };
    const note = peer.note(idea, { civic: { ...civic, ...told } });
    await tell(idea, "Create", note);
    const answer = peer.note(hall, {
      inReplyTo: note["id"],
      civic: { kind: "response", office: "Voirie", decision: "accepted", text: "Oui." },
    });
    await tell(hall, "Create", answer);
    const asked = peer.received.filter(({ method }) => method === "GET").length;

    await tell(hall, "Announce", answer["id"]);

    expect(peer.received.filter(({ method }) => method === "GET")).to.have.length(asked);
    const entry = await town.visitor.collection(inboxCollection).findOne({ type: "Announce" });
    expect([entry?.state, entry?.outcome]).to.deep.equal(["done", "known already"]);
  });

  it("says nothing about our own comments, even by a linked instance that forwards", async () => {
    const { town, peer, alice, proposal } = await aScene();
    const hall = await peer.actor("hall", { type: "Organization" });
    const link = await town.federation.linkInstance(town.visitor, hall.uri);
    const send = async (actor: PeerActor, activity: unknown): Promise<void> => {
      await peer.post(town, actor, activity);
      await town.settle();
    };
    await send(hall, peer.activity(hall, "Accept", { id: link.followUri, type: "Follow" }));
    const citizen = await town.newcomer();
    await consentToNetwork(citizen);
    const comment = await publishComment(citizen, {
      ...{ proposalId: proposal._id, parentId: null, body: "C’est **vrai**." },
    });

    await send(hall, peer.activity(alice, "Delete", comment.uri));

    const kept = await commentByUri(town.visitor, comment.uri);
    expect(kept?.body).to.equal("C’est **vrai**.");
    expect(kept?.editedAt).to.equal(null);
  });

  it("records a Flag, a Move, a Block and what is unknown, of which none changes a proposal (requirement 21)", async () => {
    const { town, alice, proposal, tell } = await aScene();
    for (const type of ["Flag", "Move", "Block", "Dance"]) {
      expect(await tell(alice, type, proposal.uri)).to.equal(202);
    }
    const entries = await town.visitor
      .collection(inboxCollection)
      .find({ state: "done" })
      .toArray();
    expect(entries).to.have.length(4);
    expect((await fetch(`${town.origin}/actor/outbox`)).status).to.equal(200);
    const count = await town.visitor.collection(proposalsCollection).countDocuments({ number: 1 });
    expect(count).to.equal(1);
  });
});
