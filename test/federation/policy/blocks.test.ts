import { expect } from "chai";
import { listHeldSupports } from "../../../src/features/supports/held.js";
import { erasePerson, consentToNetwork } from "../../../src/features/people/people.js";
import { commentsCollection } from "../../../src/features/comments/comments.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { isLimitedHost } from "../../../src/federation/policy/policy.js";
import { exportBlocks, importBlocks } from "../../../src/federation/policy/csv.js";
import { blocksCollection } from "../../../src/federation/policy/records.js";
import { allow, block, unblock, whoMeant } from "../../../src/federation/policy/rules.js";
import {
  followersCollection,
  inboxCollection,
  peersCollection,
} from "../../../src/federation/records.js";
import type { Ctx } from "../../../src/kit/index.js";
import { FetchRefused } from "../../../src/drivers/fetch.js";
import { createFederation } from "../../../src/federation/federation.feature.js";
import { aDraft } from "../../support/builders.js";
import { hostOf } from "../support/network.js";
import { followed } from "../support/followed.js";
import { aPeer, closePeers, type Peer } from "../support/peer.js";
import { aScene } from "../support/scene.js";
import { aTown, closeTowns, type Town } from "../support/town.js";
import { setMode } from "./support.js";

const blocked = (town: Town, who: string): Promise<void> =>
  block(town.federation.rules, town.visitor, { who, severity: "blocked" });

const posts = (peer: Peer): number =>
  peer.received.filter(({ method }) => method === "POST").length;

describe("a block", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("ends follows from there, sends nothing more there and counts no failure", async () => {
    const town = await aTown();
    const [peer, other] = [await aPeer(), await aPeer()];
    await followed(town, peer, "alice", "bob");
    await followed(town, other, "carol");
    const before = posts(peer);

    await blocked(town, hostOf(peer.origin));
    await town.settle();
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    const followers = await town.visitor.collection(followersCollection).find({}).toArray();
    expect(followers.map(({ host }) => host)).to.deep.equal([hostOf(other.origin)]);
    expect(posts(peer)).to.equal(before);
    expect(other.inboxed("Announce")).to.have.length(1);
    const row = await town.visitor
      .collection(peersCollection)
      .findOne({ host: hostOf(peer.origin) });
    expect(row?.failures).to.equal(0);
  });

  it("stops a delivery that is under way, once and for all", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "alice");
    peer.answers.push(503);
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const before = posts(peer);
    await blocked(town, hostOf(peer.origin));

    town.clock.advance(3_600_000);
    await town.settle();

    expect(posts(peer)).to.equal(before);
    const row = await town.visitor
      .collection(peersCollection)
      .findOne({ host: hostOf(peer.origin) });
    expect(row?.failures).to.be.at.most(1);
  });

  it("refuses what was taken in before and not yet acted on", async () => {
    const town = await aTown({ asleep: true });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    await peer.post(town, alice, peer.activity(alice, "Follow", `${town.origin}/actor`));
    await blocked(town, hostOf(peer.origin));
    await town.queue.start();
    await town.settle();

    const [entry] = await town.visitor.collection(inboxCollection).find({}).toArray();
    expect([entry?.state, entry?.outcome]).to.deep.equal(["refused", "blocked"]);
    expect(await town.visitor.collection(followersCollection).countDocuments({})).to.equal(0);
    expect(peer.inboxed()).to.deep.equal([]);
  });

  it("lets nothing be fetched from there, not even by a redirect from elsewhere", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await blocked(town, hostOf(peer.origin));
    const asked = await town.federation.linkInstance(town.visitor, peer.origin).catch((e) => e);

    expect(asked).to.be.instanceOf(FetchRefused).with.property("code", "unwanted");
    expect(peer.received).to.deep.equal([]);
  });

  it("of one actor leaves the others of its server free", async () => {
    const { town, peer, alice, evil, proposal, tell, supports } = await aScene();
    await blocked(town, evil.uri);

    expect(await tell(evil, "Like", proposal.uri)).to.equal(403);
    expect(await tell(alice, "Like", proposal.uri)).to.equal(202);
    expect(await supports()).to.equal(1);
    expect(whoMeant(town.visitor, evil.uri)).to.equal(evil.uri);
    expect(peer.received.some(({ path }) => path === "/users/evil")).to.equal(false);
  });

  it("takes supports out of the count, gives them back when lifted, and leaves comments", async () => {
    const { town, peer, alice, evil, proposal, tell, supports } = await aScene();
    const note = { inReplyTo: proposal.uri };
    await tell(alice, "Like", proposal.uri);
    await tell(evil, "Like", proposal.uri);
    await tell(alice, "Create", peer.note(alice, note));
    const comments = town.visitor.collection(commentsCollection);
    const said = await comments.countDocuments({ proposalId: proposal._id });

    await blocked(town, hostOf(peer.origin));
    await town.settle();
    expect(await supports()).to.equal(0);
    expect(await comments.countDocuments({ proposalId: proposal._id })).to.equal(said);

    await unblock(town.federation.rules, town.visitor, hostOf(peer.origin));
    await town.settle();
    expect(await supports()).to.equal(2);
    expect(await tell(alice, "Undo", peer.activity(alice, "Like", proposal.uri))).to.equal(202);
    expect(await supports()).to.equal(1);
  });

  it("made lighter to a limit still listens, and says who is limited", async () => {
    const { town, peer, alice, proposal, tell, supports } = await aScene();
    const { rules } = town.federation;
    const host = hostOf(peer.origin);
    await block(rules, town.visitor, { who: host, severity: "limited" });
    await block(rules, town.visitor, { who: "spam.example", severity: "limited" });

    expect(await tell(alice, "Like", proposal.uri)).to.equal(202);
    expect(await supports()).to.equal(0);
    expect(await listHeldSupports(town.visitor, 10)).to.have.length(1);
    const asked = [host, "SPAM.example.", "a.spam.example:8443", "notspam.example", ""];
    const answers = await Promise.all(asked.map((one) => isLimitedHost(town.visitor, one)));
    expect(answers).to.deep.equal([true, true, true, false, false]);
  });

  it("made by another process is known within ten seconds", async () => {
    const town = await aTown({ timing: { policyMs: 40 } });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const { contexts, clock } = town;
    const elsewhere = createFederation({
      ...{ contexts, clock, log: town.visitor.log, version: "0", allowPrivate: true },
    });
    const follow = async (): Promise<number> =>
      (await peer.post(town, alice, peer.activity(alice, "Follow", `${town.origin}/actor`))).status;
    expect(await follow()).to.equal(202);
    await block(elsewhere.rules, town.visitor, {
      ...{ who: hostOf(peer.origin), severity: "blocked" },
    });
    await new Promise((resolve) => setTimeout(resolve, 60));

    expect(await follow()).to.equal(403);
    await elsewhere.close();
  });

  it("is read from a list, line by line, and written as one", async () => {
    const town = await aTown();
    const { rules } = town.federation;
    const list = [
      "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate",
      'Flood.example,suspend,false,false,"Flood, and worse",false',
      "quiet.example,silence,false,false,,false",
      "odd.example,noop,false,false,,false",
      "sp*m.example,suspend,false,false,,false",
      "short.example",
      `${town.origin},suspend,,,,`,
      "flood.example,silence,,,,",
      "",
    ].join("\r\n");
    const done = await importBlocks(rules, town.visitor, list);
    const again = await importBlocks(rules, town.visitor, list);

    expect([done.taken, again.taken]).to.deep.equal([2, 0]);
    expect(done.skipped.map(({ line, why }) => `${line} ${why}`)).to.deep.equal([
      ...["4 severity", "5 host", "6 columns", "7 host"],
    ]);
    expect(await exportBlocks(town.visitor)).to.equal(
      [
        "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate",
        'flood.example,suspend,false,false,"Flood, and worse",false',
        "quiet.example,silence,false,false,,false",
        "",
      ].join("\n"),
    );
    for (const bad of ["", "a,b\n1,2", `#domain\n${"x.example\n".repeat(10_002)}`]) {
      const refusal = await importBlocks(rules, town.visitor, bad).catch((e: Error) => e);
      expect(refusal).to.have.property("name", "BadList");
    }
  });

  it("by a long list goes through what is stored once, and ends the follows from there", async () => {
    const town = await aTown();
    const [peer, other] = [await aPeer(), await aPeer()];
    await followed(town, peer, "alice");
    await followed(town, other, "carol");
    const hosts = Array.from({ length: 40 }, (_, at) => `flood${at}.example`);
    const list = ["#domain", ...hosts, hostOf(peer.origin)].join("\n");
    let asked = 0;
    const ctx: Ctx = {
      ...town.visitor,
      enqueue: (job, payload, options) => {
        asked += 1;
        return town.visitor.enqueue(job, payload, options);
      },
    };

    expect((await importBlocks(town.federation.rules, ctx, list)).taken).to.equal(41);
    await town.settle();

    expect(asked).to.equal(1);
    const followers = await town.visitor.collection(followersCollection).find({}).toArray();
    expect(followers.map(({ host }) => host)).to.deep.equal([hostOf(other.origin)]);
  });

  it("by a list that was cut short by a crash takes effect when it is read again", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "alice");
    const list = `#domain\n${hostOf(peer.origin)}`;
    const dying: Ctx = { ...town.visitor, enqueue: () => Promise.reject(new Error("died")) };
    await importBlocks(town.federation.rules, dying, list).catch(() => null);

    await importBlocks(town.federation.rules, town.visitor, list);
    await town.settle();

    expect(await town.visitor.collection(followersCollection).find({}).toArray()).to.have.length(0);
  });

  it("of before this list had severities counts as a block", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await town.visitor
      .collection(blocksCollection)
      .insertOne({ _id: "old", who: hostOf(peer.origin), at: town.clock.now() });

    town.federation.rules.policy.forget();
    expect(await tell(alice, "Like", proposal.uri)).to.equal(403);
    expect(await isLimitedHost(town.visitor, hostOf(peer.origin))).to.equal(false);
  });
});

describe("an instance that is not open to everybody", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("takes and sends only what listed servers are part of, when it has a list", async () => {
    const town = await aTown();
    const [friend, stranger] = [await aPeer(), await aPeer()];
    await followed(town, friend, "alice");
    await followed(town, stranger, "bob");
    await allow(town.federation.rules, town.visitor, hostOf(friend.origin));
    await setMode(town, "allow-list");

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const bob = await stranger.actor("bob");
    const answer = await stranger.post(
      town,
      bob,
      stranger.activity(bob, "Follow", `${town.origin}/actor`),
    );

    expect(friend.inboxed("Announce")).to.have.length(1);
    expect(stranger.inboxed("Announce")).to.have.length(0);
    expect([answer.status, await answer.json()]).to.deep.equal([403, { error: "not-listed" }]);
    await setMode(town, "open");
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    expect(stranger.inboxed("Announce")).to.have.length(1);
  });

  it("answers every inbox with 403 while closed, signed or not, and sends nothing", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const [alice] = await followed(town, peer, "alice");
    if (alice === undefined) throw new Error("nobody follows");
    await setMode(town, "closed");
    const received = peer.received.length;
    const follow = peer.activity(alice, "Follow", `${town.origin}/actor`);
    for (const path of ["/inbox", "/actor/inbox", "/actor/instance/inbox"]) {
      for (const headers of [{}, { signature: undefined }]) {
        expect((await peer.post(town, alice, follow, { path, headers })).status).to.equal(403);
      }
    }
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    expect(peer.received).to.have.length(received);
  });

  it("tells what was erased while it was closed, once it is open", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "alice");
    const citizen = await town.newcomer();
    const person = await consentToNetwork(citizen);
    await town.settle();
    await setMode(town, "closed");
    await erasePerson(town.visitor, person._id);
    await town.settle();
    expect(peer.inboxed("Delete")).to.deep.equal([]);

    await setMode(town, "open");
    town.clock.advance(120_000);
    const sweep = town.federation.feature.schedules[0]?.job;
    await sweep?.run(town.visitor, {}, { number: 1, of: 1 });
    await town.settle();

    expect(peer.inboxed("Delete").map(({ object }) => object)).to.deep.equal([person.uri]);
  });
});
