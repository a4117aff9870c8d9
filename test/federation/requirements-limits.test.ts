import { expect } from "chai";
import { blocksCollection } from "../../src/federation/policy/records.js";
import { inboxCollection } from "../../src/federation/records.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const entries = (town: Town): Promise<number> =>
  town.visitor.collection(inboxCollection).countDocuments({});

describe("the bounds of the inbox", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("neither fetches nor writes anything for a blocked server (requirement 21, S17)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    await town.visitor
      .collection(blocksCollection)
      .insertOne({ _id: "b1", who: new URL(peer.origin).host, at: town.clock.now() });

    const answer = await peer.post(
      town,
      alice,
      peer.activity(alice, "Follow", `${town.origin}/actor`),
    );

    expect(answer.status).to.equal(403);
    expect(peer.received).to.deep.equal([]);
    expect(await entries(town)).to.equal(0);
  });

  it("bounds what it reads, and how often", async () => {
    const town = await aTown({ timing: { inboxPerMinute: 3 } });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const large = await fetch(`${town.origin}/inbox`, {
      method: "POST",
      headers: { "content-type": "application/activity+json" },
      body: "x".repeat(1024 * 1024 + 1),
    });
    const text = await peer.post(town, alice, {}, { headers: { "content-type": "text/plain" } });
    expect([large.status, text.status]).to.deep.equal([413, 415]);
    const statuses: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      const activity = peer.activity(alice, "Follow", `${town.origin}/actor`);
      statuses.push((await peer.post(town, alice, activity)).status);
    }
    expect(statuses).to.deep.equal([202, 202, 202, 429, 429]);
  });

  it("costs at most five store calls a new comment (requirement 26)", async () => {
    const count = { writes: 0, calls: 0 };
    const town = await aTown({ storeThrough: countingWrites(count), asleep: true });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const send = (): Promise<Response> =>
      peer.post(town, alice, peer.activity(alice, "Create", peer.note(alice)));
    await send();
    const [calls, writes] = [count.calls, count.writes];

    await send();

    expect(count.writes - writes).to.be.at.most(3);
    expect(count.calls - calls).to.be.at.most(5);
  });
});
