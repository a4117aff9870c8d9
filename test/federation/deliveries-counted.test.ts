import { expect } from "chai";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { peersCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

const hour = 3_600_000;

describe("The count of deliveries by what became of them", function () {
  this.timeout(20_000);
  let town: Town;
  let peer: Peer;
  let outcomes: string[];
  beforeEach(async () => {
    outcomes = [];
    town = await aTown({ delivered: (outcome) => void outcomes.push(outcome) });
    peer = await aPeer();
    await followed(town, peer, "alice");
    outcomes.length = 0;
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  async function publish(): Promise<void> {
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
  }

  /** A delivery that the queue still holds, of something that nobody knows any more. */
  async function deliverOldNews(): Promise<void> {
    const payload = { activityId: town.visitor.ids.next(), inbox: `${peer.origin}/inbox` };
    const data = { instanceId: town.instance._id, payload };
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const job = { id: "deliver/old", queue: "delivery", name: "federation.deliver", data };
    await town.queue.add([{ ...job, attempts: 1, backoff }]);
    await town.settle();
  }

  it("has each one as sent that another server took", async () => {
    await publish();

    expect(peer.inboxed("Announce")).to.have.length(1);
    expect(outcomes).to.deep.equal(["sent"]);
  });

  it("tells a failure that passes from a refusal, and counts what arrives in the end", async () => {
    peer.answers.push(503);
    await publish();
    await laterAll(hour, town);
    // Asked twice: it may only not understand the first signature.
    peer.answers.push(400, 400);
    await publish();

    expect(outcomes).to.deep.equal(["failed", "sent", "refused"]);
  });

  it("has none as sent that never left: of what is no news any more, or to a server that is away for days", async () => {
    await deliverOldNews();
    const host = new URL(peer.origin).host;
    const unavailableSince = town.clock.now();
    await town.visitor
      .collection(peersCollection)
      .updateOne({ host }, { $set: { unavailableSince } });
    await deliverOldNews();

    expect(outcomes).to.deep.equal(["skipped", "skipped"]);
    expect(peer.inboxed("Announce")).to.deep.equal([]);
    expect(await town.queue.dead("delivery", 10)).to.deep.equal([]);
  });
});
