import { expect } from "chai";
import { activitiesCollection, inboxCollection } from "../../src/federation/records.js";
import { closePeers } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

const coalesceMs = 60_000;

/** A proposal that somebody else follows, and a reply of somebody whose words are shown at once. */
async function aFollowedReply() {
  const scene = await aScene({ timing: { coalesceMs } });
  const { peer, alice, proposal, tell } = scene;
  await tell(await peer.actor("watcher"), "Follow", `${proposal.uri}/actor`);
  await tell(alice, "Follow", `${proposal.uri}/actor`);
  const note = peer.note(alice, { inReplyTo: proposal.uri });
  const create = await said(scene, "Create", note);
  return { scene, note, create };
}

/** Tell it as its author; the bytes that were sent. */
async function said({ town, peer, alice }: Scene, type: string, note: object): Promise<string> {
  const activity = peer.activity(alice, type, note);
  const post = peer.signed(town, alice, activity);
  await fetch(post.url, { method: "POST", body: post.body, headers: post.headers });
  await town.settle();
  return post.body;
}

/** What was forwarded, in the order in which it was. */
async function forwarded({ town }: Scene, uri: unknown): Promise<string[]> {
  const rows = await town.visitor
    .collection(activitiesCollection)
    .find({ objectUri: uri as string }, { sort: { _id: 1 } })
    .toArray();
  return rows.map(({ body }) => body);
}

describe("edits of what was said elsewhere under a proposal of ours", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  async function edit(scene: Scene, note: object, seconds: number): Promise<string> {
    const at = new Date(scene.town.clock.now().getTime() + seconds * 1_000);
    const words = { content: `<p>Mot ${seconds}.</p>`, updated: at.toISOString() };
    return said(scene, "Update", { ...note, ...words });
  }

  it("go out once a while with their last wording as it was sent, the first words at once", async () => {
    const { scene, note, create } = await aFollowedReply();
    expect(await forwarded(scene, note["id"])).to.deep.equal([create]);

    scene.town.clock.advance(10_000);
    let last = "";
    for (let at = -9; at <= 0; at += 1) last = await edit(scene, note, at);
    expect(await forwarded(scene, note["id"])).to.deep.equal([create]);
    scene.town.clock.advance(coalesceMs);
    await scene.town.settle();

    expect(await forwarded(scene, note["id"])).to.deep.equal([create, last]);
    scene.town.clock.advance(coalesceMs);
    await scene.town.settle();
    expect(await forwarded(scene, note["id"])).to.have.length(2);
  });

  it("go out with the wording that stands, in whatever order they came", async () => {
    const { scene, note, create } = await aFollowedReply();
    scene.town.clock.advance(10_000);
    const former = await edit(scene, note, -3);
    const last = await edit(scene, note, -1);
    await edit(scene, note, -2);
    // As when the one that came first is acted on last.
    await scene.town.visitor
      .collection(inboxCollection)
      .updateOne({ body: former }, { $set: { receivedAt: scene.town.clock.now() } });
    await scene.town.visitor
      .collection(inboxCollection)
      .updateOne({ body: last }, { $set: { receivedAt: new Date(0) } });

    scene.town.clock.advance(coalesceMs);
    await scene.town.settle();

    expect(await forwarded(scene, note["id"])).to.deep.equal([create, last]);
  });

  it("do not go out where the comment was deleted meanwhile, but that does at once", async () => {
    const { scene, note, create } = await aFollowedReply();
    scene.town.clock.advance(10_000);
    await edit(scene, note, -1);
    const gone = await said(scene, "Delete", { id: note["id"], type: "Tombstone" });

    expect(await forwarded(scene, note["id"])).to.deep.equal([create, gone]);
    scene.town.clock.advance(coalesceMs);
    await scene.town.settle();
    expect(await forwarded(scene, note["id"])).to.deep.equal([create, gone]);
  });
});
