import { expect } from "chai";
import { publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork, leaveNetwork, renamePerson } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { activitiesCollection, inboxCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

describe("what nothing may lose, and nobody may see", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("survives a death between the event and the delivery (requirement 16)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    const proposal = await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const sent = peer.inboxed().length;
    const activities = town.visitor.collection(activitiesCollection);

    await activities.updateOne(
      { key: `announce/city/${proposal._id}` },
      { $set: { fannedOutAt: null } },
    );
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.sweep");
    town.clock.advance(120_000);
    await job?.run(town.visitor, {}, { number: 1, of: 1 });
    await town.settle();

    expect(peer.inboxed().length).to.equal(sent + 1);
    const ids = peer.inboxed("Announce").map(({ id }) => id);
    expect(new Set(ids).size).to.equal(1);
  });

  it("survives a death between the 202 and its effects (requirement 15)", async () => {
    const town = await aTown({ asleep: true });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const follow = peer.activity(alice, "Follow", `${town.origin}/actor`);
    expect((await peer.post(town, alice, follow)).status).to.equal(202);
    await forgetJobs(town);
    await town.queue.start();
    await town.settle();
    const entries = town.visitor.collection(inboxCollection);
    expect(await entries.countDocuments({ state: "waiting" })).to.equal(1);

    town.clock.advance(120_000);
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.sweep");
    await job?.run(town.visitor, {}, { number: 1, of: 1 });
    await town.settle();

    expect(await entries.countDocuments({ state: "done" })).to.equal(1);
    expect(peer.inboxed("Accept")).to.have.length(1);
  });

  it("never contains, stores or logs a private key outside of the vault (requirement 18, S13)", async () => {
    const logLines: string[] = [];
    const town = await aTown({ logLines });
    const peer = await aPeer();
    await followed(town, peer, "a");
    const citizen = await town.newcomer();
    await consentToNetwork(citizen);
    peer.answers.push(400, 400, 500);
    const proposal = await publishProposal(citizen, aDraft());
    await publishComment(citizen, { proposalId: proposal._id, parentId: null, body: "Oui." });
    await town.federation.linkInstance(town.visitor, "http://127.0.0.1:9/nobody").catch(() => {});
    await town.settle();

    const stored: string[] = [];
    for (const name of await town.store.collectionNames()) {
      if (name === "actorKeys") continue;
      const rows = await town.store
        .collection(name)
        .find({}, { sort: { _id: 1 } })
        .toArray();
      stored.push(JSON.stringify(rows));
    }
    const actor = await (await fetch(`${town.origin}/actor`)).text();
    const everything = [...stored, ...logLines, actor, JSON.stringify(peer.received)].join("\n");
    expect(stored.length).to.be.greaterThan(5);
    expect(everything).to.contain("BEGIN PUBLIC KEY");
    expect(everything).to.not.contain("PRIVATE KEY");
    expect(everything).to.not.contain("privateKeyPem");
  });

  it("includes a citizen's wish to leave the network: they are gone, here and elsewhere", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const citizen = await town.newcomer();
    const person = await consentToNetwork(citizen);
    await followed(town, peer, "a");

    await leaveNetwork(citizen);
    await town.settle();

    const [farewell] = peer.inboxed("Delete");
    expect(farewell?.["object"]).to.equal(person.uri);
    const answer = await fetch(person.uri ?? "", {
      headers: { accept: "application/activity+json" },
    });
    expect(answer.status).to.equal(410);
  });

  it("includes every change of a name, the one back to a former name too", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const citizen = await town.newcomer("Camille");
    const person = await consentToNetwork(citizen);
    await laterAll(1_000, town);
    const follower = await peer.actor("a");
    await peer.post(town, follower, peer.activity(follower, "Follow", person.uri));
    await town.settle();

    for (const name of ["Camille", "Dominique", "Camille"]) {
      await renamePerson(citizen, { name, about: "" });
      await laterAll(1_000, town);
    }

    const names = peer.inboxed("Update").map(({ object }) => (object as { name: string }).name);
    // Nobody was told of the first name, since nobody followed then.
    expect(names).to.deep.equal(["Camille", "Dominique", "Camille"]);
  });

  it("includes the wish of who came back to the network and leaves it again", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const citizen = await town.newcomer();
    await followed(town, peer, "a");

    for (let turn = 0; turn < 2; turn += 1) {
      await consentToNetwork(citizen);
      await town.settle();
      await leaveNetwork(citizen);
      await town.settle();
    }

    expect(peer.inboxed("Delete")).to.have.length(2);
  });
});

/** The town's jobs are gone, as if it had died before they were stored. */
async function forgetJobs({ queue, instance }: Town): Promise<void> {
  let from: string | null = null;
  do from = await queue.forget(instance._id, from);
  while (from !== null);
}
