import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns } from "./support/town.js";

describe("a city that is told something", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("answers once it is stored, having asked for nothing but the key and done a bounded work", async () => {
    const count = { writes: 0, calls: 0 };
    const town = await aTown({ asleep: true, storeThrough: countingWrites(count) });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const gets = (): string[] =>
      peer.received.filter(({ method }) => method === "GET").map(({ path }) => path);
    const reply = (): Record<string, unknown> => {
      const note = peer.note(alice, { inReplyTo: `${peer.origin}/notes/elsewhere` });
      return peer.activity(alice, "Create", note);
    };

    expect((await peer.post(town, alice, reply())).status).to.equal(202);
    expect(gets(), "of a stranger").to.deep.equal(["/users/alice"]);

    for (let at = 0; at < 5; at += 1) {
      const before = { ...count };
      expect((await peer.post(town, alice, reply())).status).to.equal(202);
      expect(count.calls - before.calls, "calls of the store").to.be.at.most(6);
      expect(count.writes - before.writes, "writes").to.be.at.most(3);
    }
    expect(gets(), "of somebody known").to.have.length(1);
    const rows = town.visitor.collection(inboxCollection);
    expect(await rows.countDocuments({ state: "waiting" })).to.equal(6);
  });
});
