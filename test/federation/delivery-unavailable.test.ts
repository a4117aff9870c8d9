import { expect } from "chai";
import { deleteComment, publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { daysUntilUnavailable } from "../../src/federation/delivery/unavailable.js";
import {
  followersCollection,
  peersCollection,
  waitingCollection,
  type Peer as PeerRow,
} from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { aDraft } from "../support/builders.js";
import { countingCalls, countingWrites } from "./support/counting.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const minute = 60_000;
const day = 24 * 60 * minute;

describe("a server that does not answer for days", function () {
  this.timeout(30_000);
  let town: Town;
  let peer: Peer;
  let alice: PeerActor;
  let member: Ctx;
  let serial: number;

  beforeEach(async () => {
    [town, peer, serial] = [await aTown(), await aPeer(), 0];
    [alice] = (await followed(town, peer, "alice")) as [PeerActor];
    member = await town.newcomer();
    await consentToNetwork(member);
    peer.received.length = 0;
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const row = async (): Promise<PeerRow> => {
    const found = await town.visitor
      .collection(peersCollection)
      .findOne({ host: new URL(peer.origin).host });
    if (found === null) throw new Error("the host is not known");
    return found;
  };

  const later = async (ms: number): Promise<void> => {
    town.clock.advance(ms);
    await town.settle();
  };

  const publish = async (): Promise<Proposal> => {
    serial += 1;
    const proposal = await publishProposal(member, aDraft({ title: `Idée numéro ${serial}` }));
    await town.settle();
    return proposal;
  };

  const fails = (times = 500): void => {
    peer.answers.push(...Array.from({ length: times }, () => 503));
  };

  /** Let it fail for as many days as make it unavailable. */
  async function loseIt(): Promise<void> {
    fails();
    for (let n = 0; n < daysUntilUnavailable; n += 1) {
      await publish();
      if (n < daysUntilUnavailable - 1) await later(day);
    }
    expect((await row()).unavailableSince).to.not.equal(null);
    peer.received.length = 0;
  }

  const announced = (): string[] => peer.inboxed("Announce").map(({ object }) => String(object));

  it("fails on days that are counted once each, however often it fails", async () => {
    fails();
    for (let n = 0; n < 8; n += 1) {
      await publish();
      await later(30 * minute);
    }

    expect(await row()).to.deep.include({ failingDays: 1 });
    expect((await row()).failures).to.be.at.least(7);
    peer.answers.length = 0;
    await later(day);
    expect(await row()).to.deep.include({ failingDays: 0, failures: 0, failingSince: null });
  });

  it("is sent nothing after seven of them, but one try a day", async () => {
    await loseIt();

    await publish();
    await later(6 * 60 * minute);
    expect(peer.inboxed()).to.have.length(0);
    await later(day);
    await later(minute);
    expect(peer.inboxed()).to.have.length(1);
    await later(day + 5 * minute);
    await later(minute);
    expect(peer.inboxed()).to.have.length(2);

    expect(await town.queue.counts("delivery")).to.include({ waiting: 0, delayed: 0 });
    const { host } = await row();
    const waiting = town.visitor.collection(waitingCollection);
    expect(await waiting.countDocuments({ host })).to.equal(0);
  });

  it("is back when the daily try arrives, and is sent what it missed", async () => {
    await loseIt();
    const missed = await publish();
    peer.answers.length = 0;

    await later(day);
    await later(5 * minute);
    await later(5 * minute);

    expect(announced()).to.include(missed.uri);
    expect(await row()).to.deep.include({ unavailableSince: null, owed: null, sweepAt: null });
  });

  it("is back when it is heard: it is sent every removal, and the news of three days", async () => {
    const proposal = await publish();
    const follow = peer.activity(alice, "Follow", `${proposal.uri}/actor`);
    await peer.post(town, alice, follow);
    await town.settle();
    const comment = await publishComment(member, {
      ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
    });
    await town.settle();
    fails();
    await deleteComment(member, comment._id);
    const old = await publish();
    for (let n = 0; n < 7; n += 1) {
      await later(day);
      await publish();
    }
    const recent = await publish();
    expect((await row()).unavailableSince).to.not.equal(null);
    peer.received.length = 0;
    peer.answers.length = 0;

    const like = peer.activity(alice, "Like", proposal.uri);
    expect((await peer.post(town, alice, like)).status).to.equal(202);
    await later(5 * minute);
    await later(minute);

    expect(announced()).to.include(recent.uri).and.not.to.include(old.uri);
    expect(peer.inboxed("Delete")).to.have.length(1);
    expect(await row()).to.deep.include({ unavailableSince: null, owed: null, failingDays: 0 });
  });

  it("is sent everything where it is linked, since it holds the same as we do", async () => {
    const { host } = await row();
    await town.visitor
      .collection(followersCollection)
      .updateOne({ followerUri: alice.uri }, { $set: { linked: true } });
    fails();
    const old = await publish();
    for (let n = 0; n < 7; n += 1) {
      await later(day);
      await publish();
    }
    peer.received.length = 0;
    peer.answers.length = 0;

    await peer.post(town, alice, peer.activity(alice, "Like", old.uri));
    await later(5 * minute);
    await later(minute);

    expect(announced()).to.include(old.uri);
    expect(new Set(announced()).size).to.equal(8);
    expect((await row()).host).to.equal(host);
  });
});

describe("a delivery to a server that does well", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("costs few calls of the store, and writes the server down once a minute", async () => {
    const count = { writes: 0, calls: 0 };
    const town = await aTown({ storeThrough: countingWrites(count) });
    const peer = await aPeer();
    await followed(town, peer, "a");
    const rows = town.visitor.collection(followersCollection);
    for (let n = 0; n < 50; n += 1) {
      const uri = `${peer.origin}/users/f${n}`;
      await rows.insertOne({
        ...{ _id: `f${n}`, actorUri: `${town.origin}/actor`, followerUri: uri },
        ...{ host: new URL(peer.origin).host, target: `${uri}/inbox`, linked: false },
        ...{ followUri: `${uri}/follow`, at: town.clock.now() },
      });
    }
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.deliver");
    const [first] = peer.inboxed("Announce");
    const activityId = String(first?.["id"]).split("/").at(-1) ?? "";
    // Its own calls alone: the queue goes on looking for work meanwhile.
    const own = { calls: 0 };
    const ctx = countingCalls(town.visitor, own);
    const deliver = (n: number): Promise<void> | undefined =>
      job?.run(ctx, { activityId, inbox: `${peer.origin}/users/f${n}/inbox` } as never, {
        number: 1,
        of: 16,
      });
    await deliver(0);
    Object.assign(count, { writes: 0 });
    own.calls = 0;

    for (let n = 0; n < 10; n += 1) await deliver(n);

    expect(count.writes).to.equal(0);
    expect(own.calls / 10).to.be.at.most(4);
    town.clock.advance(minute);
    for (let n = 0; n < 10; n += 1) await deliver(n);
    expect(count.writes, "the calendar's own among them").to.be.within(1, 3);
  });
});
