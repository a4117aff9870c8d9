import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import { proposalById, proposalByUri } from "../../src/features/proposals/proposals.js";
import { inboxCollection } from "../../src/federation/records.js";
import { until } from "../drivers/queue.conformance.js";
import { between } from "../support/faults.js";
import { closePeers, type PeerActor } from "./support/peer.js";
import { aLinkedProposal, aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

type Doc = Record<string, unknown>;

/** Post an activity, and wait until it was acted on while something else is held. */
async function actedOn({ town, peer }: Scene, actor: PeerActor, activity: Doc): Promise<void> {
  await peer.post(town, actor, activity);
  const activityUri = String(activity["id"]);
  await until(async () => {
    const entry = await town.visitor.collection(inboxCollection).findOne({ activityUri });
    return entry?.outcome != null;
  });
}

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

    expect(keeping.happened).to.equal(true);
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

    expect(keeping.happened).to.equal(true);
    const kept = await proposalByUri(town.visitor, String(note["id"]));
    expect(kept).to.include({ status: "withdrawn", title: "", html: "" });
  });
});
