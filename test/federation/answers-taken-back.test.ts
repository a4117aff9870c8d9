import { expect } from "chai";
import { proposalById, proposalByUri } from "../../src/features/proposals/proposals.js";
import { responseTo } from "../../src/features/responses/responses.js";
import { activitiesCollection, deletedCollection } from "../../src/federation/records.js";
import { between } from "../support/faults.js";
import { until } from "../drivers/queue.conformance.js";
import { closePeers } from "./support/peer.js";
import { aLinkedProposal, aScene, type Scene } from "./support/scene.js";
import { closeTowns, type TownOptions } from "./support/town.js";

const said = {
  ...{ kind: "response", office: "Voirie", decision: "accepted", text: "<p>Oui.</p>" },
  milestones: [],
};

/** An association whose proposal a linked city may answer, and that city's server. */
async function anAssociation(options: TownOptions = {}) {
  const scene = await aScene({ kind: "association", ...options });
  const { town, peer, tell } = scene;
  const hall = await peer.actor("hall", {
    ...{ type: "Organization", civic: { kind: "instance", name: "Ville", of: "city" } },
  });
  const link = await town.federation.linkInstance(town.visitor, hall.uri);
  await tell(hall, "Accept", { id: link.followUri, type: "Follow" });
  const answer = (): Record<string, unknown> =>
    peer.note(hall, { inReplyTo: scene.proposal.uri, civic: said });
  return { scene, hall, answer };
}

/** The decision on the record, and where the proposal stands. */
async function read({ town, proposal }: Scene, id = proposal._id): Promise<unknown[]> {
  const response = await responseTo(town.visitor, id);
  return [response?.decision ?? null, (await proposalById(town.visitor, id))?.status];
}

describe("an official response that a linked city takes back", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("goes from the record here, at the word of that city’s own actor and of nobody else", async () => {
    const { scene, hall, answer } = await anAssociation();
    const { evil, tell } = scene;
    const note = answer();
    await tell(hall, "Create", note);
    await tell(evil, "Delete", note["id"]);
    await tell(evil, "Update", { ...note, attributedTo: evil.uri });
    expect(await read(scene)).to.deep.equal(["accepted", "accepted"]);

    await tell(hall, "Delete", { id: note["id"], type: "Tombstone" });

    expect(await read(scene)).to.deep.equal([null, "open"]);
  });

  it("is told to those who follow the proposal: no boost any more, and where it stands now", async () => {
    const { scene, hall, answer } = await anAssociation();
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const note = answer();
    await tell(hall, "Create", note);
    const before = peer.inboxed().length;

    await tell(hall, "Delete", note["id"]);
    await tell(hall, "Delete", note["id"]);

    const told = peer.inboxed().slice(before);
    expect(told.map(({ type }) => type)).to.have.members(["Undo", "Create", "Update"]);
    const boost = await town.visitor
      .collection(activitiesCollection)
      .findOne({ objectUri: String(note["id"]), type: "Announce" });
    expect(boost?.listed).to.equal(false);
    expect(told.find(({ type }) => type === "Undo")?.["object"]).to.include({ id: boost?.uri });
  });

  it("never comes back, whatever its server tells later, but another answer may be given", async () => {
    const { scene, hall, answer } = await anAssociation();
    const { town, tell } = scene;
    const note = answer();
    await tell(hall, "Create", note);
    await tell(hall, "Delete", note["id"]);
    await town.visitor.collection(deletedCollection).deleteMany({});

    await tell(hall, "Create", note);
    await tell(hall, "Update", { ...note, updated: town.clock.now().toISOString() });
    expect(await read(scene)).to.deep.equal([null, "open"]);

    await tell(hall, "Create", { ...answer(), civic: { ...said, decision: "declined" } });
    expect(await read(scene)).to.deep.equal(["declined", "declined"]);
  });

  it("is not kept where the deletion overtakes it, or comes while it is acted on", async () => {
    const keeping = between("responses", "insertOne");
    const { scene, hall, answer } = await anAssociation({ storeThrough: keeping.through });
    const { town, peer, tell } = scene;
    const [late, meanwhile] = [answer(), answer()];
    await tell(hall, "Delete", late["id"]);
    await tell(hall, "Create", late);
    expect(await read(scene)).to.deep.equal([null, "open"]);

    keeping.once(async () => {
      await peer.post(town, hall, peer.activity(hall, "Delete", meanwhile["id"]));
      await until(async () => {
        const rows = town.visitor.collection(deletedCollection);
        return (await rows.findOne({ uri: String(meanwhile["id"]) })) !== null;
      });
    });
    await tell(hall, "Create", meanwhile);

    expect([keeping.happened, ...(await read(scene))]).to.deep.equal([1, null, "open"]);
  });

  it("leaves what that city proposed itself open again, too", async () => {
    const scene = await aScene();
    const { town, peer, tell } = scene;
    const { hall, idea, note } = await aLinkedProposal(scene);
    await tell(idea, "Create", note);
    const seen = await proposalByUri(town.visitor, String(note["id"]));
    const response = peer.note(hall, { inReplyTo: note["id"], civic: said });
    await tell(hall, "Create", response);
    expect(await read(scene, seen?._id)).to.deep.equal(["accepted", "accepted"]);

    await tell(hall, "Delete", response["id"]);

    expect(await read(scene, seen?._id)).to.deep.equal([null, "open"]);
  });
});
