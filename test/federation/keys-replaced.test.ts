import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

describe("a key that its owner gave up", function () {
  this.timeout(20_000);
  afterEach(async () => {
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
    expect(await tell(alice, "Delete", alice.uri), "a goodbye said again").to.equal(202);
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
