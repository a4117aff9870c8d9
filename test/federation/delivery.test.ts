import { expect } from "chai";
import { deleteComment, publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { deliveryTries } from "../../src/federation/delivery/deliver.js";
import { breakAfter, turnAt } from "../../src/federation/delivery/peers.js";
import {
  followersCollection,
  peersCollection,
  type Peer as PeerRow,
} from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { createPublicKey } from "node:crypto";
import { followed } from "./support/followed.js";
import { verified } from "./signatures/signed-requests.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

const hostRow = (town: Town, peer: Peer): Promise<PeerRow | null> =>
  town.visitor.collection(peersCollection).findOne({ host: new URL(peer.origin).host });

describe("what is sent to other servers", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("goes once to a shared inbox, however many follow there (requirement 17)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a", "b", "c");
    peer.received.length = 0;

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    const posts = peer.received.filter(({ method }) => method === "POST");
    expect(posts.map(({ path }) => path)).to.deep.equal(["/inbox"]);
    expect(peer.inboxed("Announce")).to.have.length(1);
  });

  it("is no more than an Accept for each of fifty followers (requirement 19)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const names = Array.from({ length: 50 }, (_, at) => `f${at}`);

    await followed(town, peer, ...names);

    expect(peer.inboxed()).to.have.length(50);
    expect(peer.inboxed("Accept")).to.have.length(50);
  });

  it("is signed by its actor, over the body, and addressed to the public by its full name (requirement 23)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const [post] = peer.received.filter(({ method, body }) => {
      return method === "POST" && body.includes('"Announce"');
    });
    if (post === undefined) throw new Error("nothing was sent");
    const activity = JSON.parse(post.body) as Record<string, unknown>;
    const actor = (await (
      await fetch(activity["actor"] as string, { headers: { accept: "application/activity+json" } })
    ).json()) as { id: string; publicKey: { publicKeyPem: string } };

    const verdict = await verified(
      {
        ...{ method: "POST", url: `${peer.origin}${post.path}`, headers: post.headers },
        ...{ host: new URL(peer.origin).host, rawBody: Buffer.from(post.body) },
      },
      {
        now: town.clock.now(),
        resolveKey: async (keyId) => ({
          ...{ keyId, owner: actor.id, actor },
          key: createPublicKey(actor.publicKey.publicKeyPem),
        }),
      },
    );

    expect(verdict.ok).to.equal(true);
    expect(activity["to"]).to.deep.equal(["https://www.w3.org/ns/activitystreams#Public"]);
    expect(post.body).to.not.contain("as:Public");
    expect(JSON.stringify(activity["@context"])).to.contain("joinmastodon.org/ns#");
  });

  it("knocks again with RFC 9421 where draft-cavage is refused, and remembers it", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    peer.received.length = 0;
    peer.answers.push(401);

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const posts = peer.received.filter(({ method }) => method === "POST");
    expect(posts.map(({ headers }) => "signature-input" in headers)).to.deep.equal([false, true]);
    expect((await hostRow(town, peer))?.speaks).to.equal("rfc9421");

    await publishProposal(await town.newcomer(), aDraft({ title: "Une seconde idée" }));
    await town.settle();
    const last = peer.received.filter(({ method }) => method === "POST").at(-1);
    expect(last?.headers).to.have.property("signature-input");
  });

  it("is sent again to a server that could not read our key for a moment (401)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    peer.received.length = 0;
    peer.answers.push(401, 401);

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const row = await hostRow(town, peer);
    expect(row).to.deep.include({ failures: 1, lastError: "status 401" });
    expect(row?.failingDays ?? 0, "days on which the whole server failed").to.equal(0);
    await laterAll(3_600_000, town);

    const sent = peer.inboxed("Announce").map(({ id }) => id);
    expect(sent).to.have.length(3);
    expect(new Set(sent)).to.have.length(1);
    expect((await hostRow(town, peer))?.failures).to.equal(0);
  });

  it("reads who asks with RFC 9421 too, where nothing else is understood", async () => {
    const town = await aTown();
    const peer = await aPeer();
    peer.demanded.push("signature-input");

    const [follower] = await followed(town, peer, "a");

    const rows = town.visitor.collection(followersCollection);
    expect(await rows.countDocuments({ followerUri: follower?.uri ?? "" })).to.equal(1);
  });

  it("is tried again after an error that may pass, and not before Retry-After (requirement 17)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    peer.received.length = 0;
    peer.answers.push(503, { status: 429, headers: { "retry-after": "7200" } });
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    expect(peer.inboxed()).to.have.length(1);

    town.clock.advance(60_000);
    await town.settle();
    expect(peer.inboxed()).to.have.length(2);
    town.clock.advance(3_600_000);
    await town.settle();
    expect(peer.inboxed()).to.have.length(2);
    town.clock.advance(3_600_000 + 1);
    await town.settle();
    expect(peer.inboxed()).to.have.length(3);
    expect((await hostRow(town, peer))?.failures).to.equal(0);
  });

  it("is not tried again once what it tells of was deleted", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const citizen = await town.newcomer();
    await consentToNetwork(citizen);
    const proposal = await publishProposal(citizen, aDraft());
    await town.settle();
    const follower = await peer.actor("a");
    await peer.post(town, follower, peer.activity(follower, "Follow", `${proposal.uri}/actor`));
    await town.settle();
    peer.received.length = 0;
    peer.answers.push(503);
    const comment = await publishComment(citizen, {
      ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
    });
    await town.settle();

    await deleteComment(citizen, comment._id);
    await town.settle();
    town.clock.advance(60_000);
    await town.settle();

    const told = peer.inboxed().map(({ type }) => type);
    expect(told).to.include("Delete");
    expect(told.filter((type) => type === "Create")).to.have.length(1);
  });

  it("keeps trying for more than three days", () => {
    const waits = Array.from({ length: deliveryTries - 1 }, (_, at) =>
      Math.min(12 * 3_600, 30 * 2.5 ** at),
    );
    const days = waits.reduce((sum, wait) => sum + wait, 0) / 86_400;
    expect(deliveryTries).to.be.at.least(12);
    expect(days).to.be.greaterThan(3);
  });

  it("leaves a host alone that fails again and again, and comes back (requirement 17)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    peer.received.length = 0;
    peer.answers.push(...Array.from({ length: breakAfter }, () => 500));
    const member = await town.newcomer();
    for (let at = 0; at < breakAfter; at += 1) {
      await publishProposal(member, aDraft({ title: `Idée numéro ${at}` }));
      await town.settle();
    }
    expect(peer.inboxed()).to.have.length(breakAfter);
    expect((await hostRow(town, peer))?.openUntil).to.not.equal(null);

    await publishProposal(member, aDraft({ title: "Une idée de trop" }));
    await town.settle();
    expect(peer.inboxed()).to.have.length(breakAfter);

    town.clock.advance(2 * 60_000);
    await town.settle();
    expect(peer.inboxed().length).to.be.greaterThan(breakAfter);
    expect((await hostRow(town, peer))?.openUntil).to.equal(null);

    town.clock.advance(4 * 60_000);
    await town.settle();
    expect(peer.inboxed().length).to.equal(2 * breakAfter + 1);
  });

  it("asks a host that has rested by one delivery alone, while the others wait", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    const host = new URL(peer.origin).host;
    const until = new Date(town.clock.now().getTime() + 1_000);
    const peers = town.visitor.collection(peersCollection);
    await peers.updateOne({ host }, { $set: { failures: breakAfter, openUntil: until } });
    const member = await town.newcomer();
    for (let at = 0; at < 6; at += 1) {
      await publishProposal(member, aDraft({ title: `Idée numéro ${at}` }));
    }
    await town.settle();
    peer.received.length = 0;
    peer.answers.push(500);

    town.clock.advance(60_000);
    await town.settle();

    expect(peer.inboxed()).to.have.length(1);
    expect((await hostRow(town, peer))?.failures).to.equal(breakAfter + 1);
  });

  it("lets one of two processes ask a host that has rested", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    const host = new URL(peer.origin).host;
    const row = await hostRow(town, peer);
    if (row === null) throw new Error("the host is not known");
    const rested = { ...row, openUntil: new Date(town.clock.now().getTime() - 1) };
    await town.visitor
      .collection(peersCollection)
      .updateOne({ host }, { $set: { openUntil: rested.openUntil } });

    const turns = await Promise.all([turnAt(town.visitor, rested), turnAt(town.visitor, rested)]);

    expect(turns.filter((wait) => wait === 0)).to.have.length(1);
  });

  it("leaves the whole host alone for as long as it asks, whatever else is to be sent there", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    const member = await town.newcomer();
    peer.received.length = 0;
    peer.answers.push({ status: 429, headers: { "retry-after": "3600" } });
    await publishProposal(member, aDraft());
    await town.settle();

    await publishProposal(member, aDraft({ title: "Une seconde idée" }));
    await town.settle();
    town.clock.advance(3_500_000);
    await town.settle();
    expect(peer.inboxed()).to.have.length(1);

    for (const ms of [100_001, 300_000, 300_000]) {
      town.clock.advance(ms);
      await town.settle();
    }
    expect(peer.inboxed()).to.have.length(3);
  });

  it("goes on to a host that answers after its rest, be it with a refusal", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    const host = new URL(peer.origin).host;
    const peers = town.visitor.collection(peersCollection);
    const openUntil = new Date(town.clock.now().getTime() - 1);
    await peers.updateOne({ host }, { $set: { failures: breakAfter, openUntil } });
    peer.answers.push(403);

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    expect(await hostRow(town, peer)).to.deep.include({ failures: 0, openUntil: null });
  });
});
