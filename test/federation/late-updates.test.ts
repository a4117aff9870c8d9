import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import type { Comment } from "../../src/features/comments/comment.js";
import { proposalById, proposalByUri } from "../../src/features/proposals/proposals.js";
import { responseByUri } from "../../src/features/responses/responses.js";
import { deletedCollection } from "../../src/federation/records.js";
import { closePeers } from "./support/peer.js";
import { aLinkedProposal, aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

type Doc = Record<string, unknown>;

/** A moment, in minutes before now. */
function ago({ town }: Scene, minutes: number): string {
  return new Date(town.clock.now().getTime() - minutes * 60_000).toISOString();
}

async function said({ town }: Scene, note: Doc): Promise<Comment | null> {
  return commentByUri(town.visitor, String(note["id"]));
}

const retitled = (note: Doc, title: string, more: Doc = {}): Doc => ({
  ...note,
  ...more,
  civic: { ...(note["civic"] as Doc), title },
});

describe("an Update that comes late", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("does not bring back what a comment said before, and shows when it was changed", async () => {
    const scene = await aScene();
    const { peer, alice, proposal, tell } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri, published: ago(scene, 60) });
    await tell(alice, "Create", note);

    const newest = ago(scene, 5);
    await tell(alice, "Update", { ...note, content: "<p>Trois.</p>", updated: newest });
    await tell(alice, "Update", { ...note, content: "<p>Deux.</p>", updated: ago(scene, 10) });

    const kept = await said(scene, note);
    expect(kept?.body).to.equal("Trois.");
    expect(kept?.editedAt?.toISOString()).to.equal(newest);
  });

  it("changes what was said as an answer and kept as a comment", async () => {
    const scene = await aScene();
    const { peer, alice, proposal, tell } = scene;
    const civic = { kind: "response", office: "Voirie", decision: "accepted", milestones: [] };
    const note = peer.note(alice, { inReplyTo: proposal.uri, published: ago(scene, 60), civic });
    await tell(alice, "Create", note);

    await tell(alice, "Update", { ...note, content: "<p>Deux.</p>", updated: ago(scene, 5) });

    expect((await said(scene, note))?.body).to.equal("Deux.");
  });

  it("is late also where the newest wording came before the first one", async () => {
    const scene = await aScene();
    const { peer, alice, proposal, tell } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri, published: ago(scene, 60) });

    await tell(alice, "Update", { ...note, content: "<p>Trois.</p>", updated: ago(scene, 5) });
    await tell(alice, "Update", { ...note, content: "<p>Deux.</p>", updated: ago(scene, 10) });
    await tell(alice, "Create", note);

    expect((await said(scene, note))?.body).to.equal("Trois.");
  });

  it("does not slip between two that said the same", async () => {
    const scene = await aScene();
    const { peer, alice, proposal, tell } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri, published: ago(scene, 60) });
    await tell(alice, "Create", { ...note, content: "<p>Oui.</p>" });

    await tell(alice, "Update", { ...note, content: "<p>Oui.</p>", updated: ago(scene, 5) });
    await tell(alice, "Update", { ...note, content: "<p>Non.</p>", updated: ago(scene, 10) });

    expect((await said(scene, note))?.body).to.equal("Oui.");
  });

  it("changes no word where it does not say when it was made, and none is from the future", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Create", note);

    await tell(alice, "Update", { ...note, content: "<p>Autre.</p>" });
    await tell(alice, "Update", { ...note, content: "<p>Autre.</p>", updated: "hier" });
    expect((await said(scene, note))?.body).to.equal("Bonne idée.");
    await tell(alice, "Update", { ...note, content: "<p>Demain.</p>", updated: ago(scene, -600) });

    const kept = await said(scene, note);
    expect(kept?.body).to.equal("Demain.");
    expect(kept?.editedAt).to.deep.equal(town.clock.now());
  });

  it("publishes nothing that its author shows to fewer people now, and ends what was public", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const note = peer.note(alice, { inReplyTo: proposal.uri, published: ago(scene, 60) });
    const narrowed = { ...note, to: [`${alice.uri}/followers`], content: "<p>Entre nous.</p>" };
    await tell(alice, "Create", note);
    await tell(alice, "Update", { ...note, content: "<p>Mieux.</p>", updated: ago(scene, 5) });

    await tell(alice, "Update", { ...narrowed, updated: ago(scene, 10) });
    expect((await said(scene, note))?.body).to.equal("Mieux.");
    await tell(alice, "Update", { ...narrowed, updated: ago(scene, 1) });
    await tell(alice, "Create", note, { id: `${peer.origin}/again` });

    expect(await said(scene, note)).to.include({ state: "deleted", body: "", html: "" });
    const shown = await proposalById(town.visitor, proposal._id);
    expect(shown?.counts.comments).to.equal(0);
  });

  it("leaves a linked proposal as it is, whichever of many comes first", async () => {
    const scene = await aScene();
    const { town, peer } = scene;
    const { idea, note } = await aLinkedProposal(scene);
    await scene.tell(idea, "Create", note);

    await Promise.all(
      [9, 1, 7, 3, 5].map((minutes) => {
        const told = retitled(note, `Version ${minutes}`, { updated: ago(scene, minutes) });
        return peer.post(town, idea, peer.activity(idea, "Update", told));
      }),
    );
    await town.settle();
    await scene.tell(idea, "Update", retitled(note, "Sans date"));

    const kept = await proposalByUri(town.visitor, String(note["id"]));
    expect(kept?.title).to.equal("Version 1");
    expect(kept?.elsewhere?.updatedAt?.toISOString()).to.equal(ago(scene, 1));
  });

  it("does not bring back a linked proposal that its home deleted, however long ago", async () => {
    const scene = await aScene();
    const { town, tell } = scene;
    const { idea, note } = await aLinkedProposal(scene);
    await tell(idea, "Create", note);
    await tell(idea, "Delete", note["id"]);
    await town.visitor.collection(deletedCollection).deleteMany({});

    await tell(idea, "Update", retitled(note, "Revenu", { updated: ago(scene, 0) }));

    const kept = await proposalByUri(town.visitor, String(note["id"]));
    expect(kept).to.include({ status: "withdrawn", title: "", html: "" });
  });

  it("still brings the figures of a proposal that was never edited", async () => {
    const scene = await aScene();
    const { idea, note } = await aLinkedProposal(scene);
    await scene.tell(idea, "Create", note);

    await scene.tell(idea, "Update", {
      ...note,
      civic: { ...(note["civic"] as Doc), supports: 8 },
    });

    const kept = await proposalByUri(scene.town.visitor, String(note["id"]));
    expect(kept?.counts.supports).to.equal(8);
    expect(kept?.editedAt).to.equal(null);
  });

  it("does not bring back a former answer of a linked city", async () => {
    const scene = await aScene();
    const { hall, idea, note } = await aLinkedProposal(scene);
    await scene.tell(idea, "Create", note);
    const civic = { kind: "response", office: "Voirie", decision: "accepted", milestones: [] };
    const answer = scene.peer.note(hall, {
      ...{ inReplyTo: note["id"], published: ago(scene, 60) },
      civic: { ...civic, text: "<p>Un.</p>" },
    });
    const reworded = (text: string, updated: string): Doc => ({
      ...{ ...answer, updated },
      civic: { ...civic, text },
    });

    await scene.tell(hall, "Create", answer);
    await scene.tell(hall, "Update", reworded("<p>Trois.</p>", ago(scene, 5)));
    await scene.tell(hall, "Update", reworded("<p>Deux.</p>", ago(scene, 10)));

    const kept = await responseByUri(scene.town.visitor, String(answer["id"]));
    expect(kept?.body).to.equal("Trois.");
    expect(kept?.editedAt?.toISOString()).to.equal(ago(scene, 5));
  });
});
