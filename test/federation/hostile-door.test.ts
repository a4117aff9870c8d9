import { expect } from "chai";
import { personByUri } from "../../src/features/people/people.js";
import { signCavage } from "../../src/federation/signatures/cavage.js";
import { inboxCollection } from "../../src/federation/records.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { rawRequest, requestBytes } from "./support/raw.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

describe("somebody at the door who is not who they say", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const knock = (town: Town, peer: Peer, actor: PeerActor, keyId = actor.keyId) =>
    peer.post(town, actor, peer.activity(actor, "Follow", `${town.origin}/actor`), { keyId });

  it("says goodbye for nobody by the key of somebody else who is gone", async () => {
    const { town, peer, alice, evil, proposal, tell } = await aScene();
    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri }));
    peer.documents.set("/users/gone", 410);
    const farewell = peer.activity(alice, "Delete", alice.uri);

    const answer = await peer.post(town, evil, farewell, {
      keyId: `${peer.origin}/users/gone#main-key`,
    });
    await town.settle();

    expect(answer.status).to.equal(401);
    expect((await personByUri(town.visitor, alice.uri))?.erasedAt).to.equal(null);
  });

  it("says goodbye once their own server says that they are gone, wherever their key was", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri }));
    peer.documents.set("/users/alice", 410).set("/keys/alice", 410);
    town.clock.advance(25 * 3_600_000);

    const farewell = peer.activity(alice, "Delete", alice.uri);
    const answer = await peer.post(town, alice, farewell, { keyId: `${peer.origin}/keys/alice` });
    await town.settle();

    expect(answer.status).to.equal(202);
    expect((await personByUri(town.visitor, alice.uri))?.erasedAt).to.not.equal(null);
  });

  it("uses up nobody's allowance by forged signatures", async () => {
    const town = await aTown({ timing: { inboxPerMinute: 3 } });
    const [peer, other] = [await aPeer(), await aPeer()];
    const alice = await peer.actor("alice");
    const evil = await other.actor("evil");
    expect((await knock(town, peer, alice)).status).to.equal(202);
    for (let at = 0; at < 8; at += 1) {
      const forged = { ...alice, privateKey: evil.privateKey };
      expect((await knock(town, peer, forged)).status).to.equal(401);
    }
    expect((await knock(town, peer, alice)).status).to.equal(202);
  });

  it("has no server asked for more keys than it may be asked for in a minute", async () => {
    const town = await aTown({ timing: { keysPerMinute: 5 } });
    const peer = await aPeer();
    const [alice, evil] = [await peer.actor("alice"), await peer.actor("evil")];
    expect((await knock(town, peer, alice)).status).to.equal(202);
    const answers: Response[] = [];
    for (let at = 0; at < 10; at += 1) {
      answers.push(await knock(town, peer, evil, `${peer.origin}/keys/${at}`));
    }

    expect(answers.map(({ status }) => status)).to.deep.equal([
      ...Array<number>(4).fill(401),
      ...Array<number>(6).fill(429),
    ]);
    expect(Number(answers[9]?.headers.get("retry-after"))).to.be.greaterThan(0);
    expect(peer.received.filter(({ path }) => path.startsWith("/keys/"))).to.have.length(4);
    expect((await knock(town, peer, alice)).status).to.equal(202);
    expect((await knock(town, peer, evil)).status).to.equal(429);
    town.clock.advance(60_000);
    expect((await knock(town, peer, evil)).status).to.equal(202);
  });

  it("is understood when the address is written whole, and refused when it is another's", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const { host } = new URL(town.origin);
    const send = async (target: string) => {
      const activity = peer.activity(alice, "Follow", `${town.origin}/actor`);
      const body = JSON.stringify(activity);
      const signed = signCavage(
        { method: "POST", url: `${town.origin}/inbox`, body, date: town.clock.now() },
        alice,
      );
      const type = "application/activity+json";
      const length = String(Buffer.byteLength(body));
      const headers = { host, "content-type": type, "content-length": length, ...signed };
      return rawRequest(town.origin, requestBytes(`POST ${target} HTTP/1.1`, headers, body));
    };

    expect((await send(`${town.origin}/inbox`)).status).to.equal(202);
    expect((await send("http://elsewhere.example/inbox")).status).to.equal(401);
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(1);
  });
});
