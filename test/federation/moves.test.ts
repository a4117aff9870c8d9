import { expect } from "chai";
import { commentByUri } from "../../src/features/comments/comments.js";
import { personById, personByUri } from "../../src/features/people/people.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import { movesCollection } from "../../src/federation/moves/record.js";
import { followersCollection, reactionsCollection } from "../../src/federation/records.js";
import { block } from "../../src/federation/policy/rules.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

const day = 24 * 3_600_000;

interface Moving extends Scene {
  readonly elsewhere: Peer;
  /** Alice at her new address, which names the old one. */
  readonly anew: PeerActor;
  /** Post as her new self. */
  act(type: string, object: unknown): Promise<void>;
  move(by?: PeerActor, target?: PeerActor): Promise<void>;
}

async function aMove(): Promise<Moving> {
  const scene = await aScene();
  const elsewhere = await aPeer();
  const anew = await elsewhere.actor("alice", { alsoKnownAs: [scene.alice.uri] });
  return {
    ...{ ...scene, elsewhere, anew },
    async act(type, object) {
      await elsewhere.post(scene.town, anew, elsewhere.activity(anew, type, object));
      await scene.town.settle();
    },
    async move(by = scene.alice, target = anew) {
      await scene.tell(by, "Move", by.uri, { target: target.uri });
    },
  };
}

describe("somebody on the network who moves to another server", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("takes follows, supports and comments along, each once", async () => {
    const scene = await aMove();
    const { town, peer, alice, anew, proposal, tell, supports } = scene;
    const ctx = town.visitor;
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Follow", `${town.origin}/actor`);
    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Announce", proposal.uri);
    await tell(alice, "Create", note);

    await scene.move();
    await scene.move();
    town.clock.advance(61_000);
    await town.settle();

    const follows = await ctx.collection(followersCollection).find({}).toArray();
    const own = follows.filter(({ actorUri }) => actorUri === `${town.origin}/actor`);
    expect(own.map(({ followerUri, target }) => [followerUri, target])).to.deep.equal([
      [anew.uri, `${scene.elsewhere.origin}/inbox`],
    ]);
    expect(await supports()).to.equal(1);
    const comment = await commentByUri(ctx, String(note["id"]));
    expect((await personById(ctx, comment?.authorId ?? ""))?.uri).to.equal(anew.uri);
    const reactions = ctx.collection(reactionsCollection);
    expect(await reactions.countDocuments({ kind: "announce", actorUri: anew.uri })).to.equal(1);
    expect(await reactions.countDocuments({ kind: "announce", actorUri: alice.uri })).to.equal(0);
  });

  it("counts once who backs a proposal from both addresses, before and after", async () => {
    const scene = await aMove();
    const { town, alice, proposal, tell, supports } = scene;
    await tell(alice, "Like", proposal.uri);
    await scene.act("Like", proposal.uri);
    expect(await supports()).to.equal(2);

    await scene.move();
    expect(await supports()).to.equal(1);
    await tell(alice, "Like", proposal.uri);

    expect(await supports()).to.equal(1);
    expect(await town.visitor.collection(supportsCollection).countDocuments({})).to.equal(1);
  });

  it("may still change, delete and take back from the former address what was said there", async () => {
    const scene = await aMove();
    const { town, peer, alice, evil, proposal, tell, supports } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Create", note);
    await tell(alice, "Like", proposal.uri);
    await scene.move();
    const updated = town.clock.now().toISOString();
    const said = async () => commentByUri(town.visitor, String(note["id"]));

    await tell(evil, "Update", { ...note, attributedTo: evil.uri, content: "<p>Faux.</p>" });
    await tell(alice, "Update", { ...note, content: "<p>Mieux.</p>", updated });
    expect((await said())?.body).to.equal("Mieux.");
    await tell(evil, "Undo", { type: "Like", object: proposal.uri });
    expect(await supports()).to.equal(1);
    await tell(alice, "Undo", { type: "Like", object: proposal.uri });
    expect(await supports()).to.equal(0);
    await tell(alice, "Delete", note["id"]);
    expect((await said())?.state).to.equal("deleted");
  });

  it("keeps it all when the former account is deleted afterwards", async () => {
    const scene = await aMove();
    const { town, peer, alice, anew, proposal, tell, supports } = scene;
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    await tell(alice, "Create", note);
    await tell(alice, "Like", proposal.uri);
    await scene.move();

    await tell(alice, "Delete", alice.uri);

    expect(await supports()).to.equal(1);
    const comment = await commentByUri(town.visitor, String(note["id"]));
    const author = await personById(town.visitor, comment?.authorId ?? "");
    expect([author?.uri, author?.erasedAt]).to.deep.equal([anew.uri, null]);
  });

  it("moves only where the new address names the old one, and only by its own word", async () => {
    const scene = await aMove();
    const { town, alice, evil, anew, proposal, tell } = scene;
    await tell(alice, "Like", proposal.uri);
    await tell(evil, "Like", proposal.uri);

    await scene.move(evil);
    await tell(evil, "Move", alice.uri, { target: anew.uri });
    await tell(alice, "Move", alice.uri, { target: `${town.origin}/actor` });
    await tell(alice, "Move", alice.uri);

    expect(await town.visitor.collection(movesCollection).countDocuments({})).to.equal(0);
  });

  it("asks no server about somebody of whom nothing is known here", async () => {
    const scene = await aMove();

    await scene.move();

    expect(scene.elsewhere.received).to.deep.equal([]);
    expect(await personByUri(scene.town.visitor, scene.anew.uri)).to.equal(null);
  });

  it("does not get past a block by moving", async () => {
    const scene = await aMove();
    const { town, alice, anew, proposal, tell } = scene;
    await tell(alice, "Like", proposal.uri);
    const admin = await town.newcomer("Greffe", "admin");
    await block(town.federation.rules, admin, { who: anew.uri, severity: "blocked" });
    await town.settle();

    await scene.move();

    expect(await town.visitor.collection(movesCollection).countDocuments({})).to.equal(0);
    expect(scene.elsewhere.received).to.deep.equal([]);
  });

  it("moves once in seven days, and back home again", async () => {
    const scene = await aMove();
    const { town, elsewhere, alice, anew, proposal, peer, tell, supports } = scene;
    const third = await elsewhere.actor("third", { alsoKnownAs: [alice.uri, anew.uri] });
    const ctx = town.visitor;
    await tell(alice, "Like", proposal.uri);
    await scene.move();

    await scene.move(alice, third);
    const rows = ctx.collection(movesCollection);
    expect((await rows.findOne({ actorUri: alice.uri }))?.targetUri).to.equal(anew.uri);

    town.clock.advance(8 * day);
    await peer.actor("alice", { alsoKnownAs: anew.uri });
    await elsewhere.post(
      town,
      anew,
      elsewhere.activity(anew, "Move", anew.uri, { target: alice.uri }),
    );
    await town.settle();

    const person = await personByUri(ctx, alice.uri);
    const [support] = await ctx.collection(supportsCollection).find({}).toArray();
    expect(support?.personId).to.equal(person?._id);
    expect(await supports()).to.equal(1);
    await tell(alice, "Undo", { type: "Like", object: proposal.uri });
    expect(
      await ctx.collection(reactionsCollection).countDocuments({ actorUri: anew.uri }),
    ).to.equal(0);
  });
});
