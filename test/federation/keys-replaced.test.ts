import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { aSecondProcess, closeProcesses } from "./support/second-process.js";
import { closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("a key that its owner gave up", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeProcesses();
    await closeTowns();
    await closePeers();
  });

  /** Somebody has new keys from now on, under a new id or under the old one. */
  function withNewKey(peer: Peer, actor: PeerActor, keyId: string): PeerActor {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const publicKeyPem = publicKey.export({ type: "spki", format: "pem" });
    const document = {
      ...actor.document,
      publicKey: { id: keyId, owner: actor.uri, publicKeyPem },
    };
    peer.documents.set(new URL(actor.uri).pathname, document);
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    return { ...actor, keyId, document, privateKey: createPrivateKey(pem) };
  }

  for (const fragment of ["#main-key-2", "#main-key"]) {
    it(`speaks for nobody any more once they told of ${fragment}`, async () => {
      const { town, peer, alice, proposal, supports, tell } = await aScene();
      await tell(alice, "Follow", `${proposal.uri}/actor`);
      const renewed = withNewKey(peer, alice, alice.uri + fragment);
      town.clock.advance(6 * 60_000);
      expect(await tell(renewed, "Update", renewed.document)).to.equal(202);

      expect(await tell(alice, "Like", proposal.uri)).to.equal(401);
      expect(await supports()).to.equal(0);
      expect(await tell(renewed, "Like", proposal.uri)).to.equal(202);
      expect(await supports()).to.equal(1);
    });
  }

  it("speaks for nobody any more once its owner has left", async () => {
    const { peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Like", proposal.uri);
    peer.documents.set(new URL(alice.uri).pathname, 410);
    expect(await tell(alice, "Delete", alice.uri)).to.equal(202);

    const note = peer.note(alice, { inReplyTo: proposal.uri });
    expect(await tell(alice, "Create", note)).to.equal(401);
    const like = { type: "Like", actor: alice.uri, object: proposal.uri };
    expect(await tell(alice, "Undo", like), "not even what takes away").to.equal(401);
    expect(await tell(alice, "Delete", alice.uri), "a goodbye said again").to.equal(202);
  });

  it("speaks for nobody a minute later in every process of a deployment, whichever one was told", async () => {
    const { town, peer, alice, proposal, supports, tell } = await aScene();
    const other = await aSecondProcess(town);
    const say = async (by: PeerActor, type: string, object: unknown): Promise<number> => {
      const status = await other.take(peer.signed(town, by, peer.activity(by, type, object)));
      await town.settle();
      return status;
    };
    const taken = { type: "Like", actor: alice.uri, object: proposal.uri };
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    expect(await say(alice, "Like", proposal.uri), "both know her key").to.equal(202);
    const renewed = withNewKey(peer, alice, `${alice.uri}#main-key-2`);
    town.clock.advance(6 * 60_000);
    expect(await tell(renewed, "Update", renewed.document)).to.equal(202);

    town.clock.advance(60_000);
    expect(await say(alice, "Undo", taken)).to.equal(401);
    expect(await supports()).to.equal(1);
    expect(await say(renewed, "Undo", taken)).to.equal(202);
    expect(await supports()).to.equal(0);
  });

  it("of somebody who left speaks for nobody in any process, and asks no store more than once a minute", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const other = await aSecondProcess(town);
    const say = (by: PeerActor) =>
      other.take(peer.signed(town, by, peer.activity(by, "Like", proposal.uri)));
    const gets = () => peer.received.filter(({ method }) => method === "GET").length;
    const ben = await peer.actor("ben");
    expect([await say(alice), await say(ben)]).to.deep.equal([202, 202]);
    await town.settle();
    peer.documents.set(new URL(alice.uri).pathname, 410);
    expect(await tell(alice, "Delete", alice.uri)).to.equal(202);
    await town.settle();

    const before = gets();
    town.clock.advance(60_000);
    expect([await say(ben), await say(alice), await say(ben)]).to.deep.equal([202, 401, 202]);
    expect(gets() - before, "only her key was asked for").to.equal(1);
    town.clock.advance(60_000);
    expect([await say(ben), await say(alice)]).to.deep.equal([202, 401]);
    expect(gets() - before).to.equal(1);
  });

  it("is no reason to ask for the keys that stay", async () => {
    const { peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Update", alice.document);
    const before = peer.received.filter(({ method }) => method === "GET").length;

    expect(await tell(alice, "Like", proposal.uri)).to.equal(202);

    expect(peer.received.filter(({ method }) => method === "GET")).to.have.length(before);
  });
});
