import { expect } from "chai";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import { inboxCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

async function answer(town: Town): Promise<string> {
  const proposal = await publishProposal(await town.newcomer(), aDraft());
  const mayor = await town.newcomer("Adjointe", "official");
  town.clock.advance(60_000);
  const { uri } = await publishResponse(mayor, {
    ...{ proposalId: proposal._id, office: "Voirie", decision: "accepted", body: "Oui." },
    milestones: [],
  });
  await town.settle();
  return uri;
}

async function featured(url: string): Promise<string[]> {
  const answered = await fetch(url, { headers: { accept: "application/activity+json" } });
  const { orderedItems } = (await answered.json()) as { orderedItems: Array<{ id: string }> };
  return orderedItems.map(({ id }) => id);
}

describe("what is pinned", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("to the city's profile is its three newest answers, told once each as they come and go", async () => {
    const [town, peer] = [await aTown(), await aPeer()];
    await followed(town, peer, "alice");
    const answers = [await answer(town), await answer(town), await answer(town)];

    const fourth = await answer(town);

    const target = `${town.origin}/actor/featured`;
    expect(await featured(target)).to.deep.equal([fourth, answers[2], answers[1]]);
    const added = peer.inboxed("Add");
    expect(added.map(({ object }) => object)).to.deep.equal([...answers, fourth]);
    const removed = peer.inboxed("Remove");
    expect(removed.map(({ object }) => object)).to.deep.equal([answers[0]]);
    for (const one of [...added, ...removed]) {
      expect([one["target"], one["actor"]]).to.deep.equal([target, `${town.origin}/actor`]);
    }
    const actor = await fetch(`${town.origin}/actor`);
    expect(((await actor.json()) as { featured: string }).featured).to.equal(target);
  });

  it("to a proposal's profile is its text", async () => {
    const { proposal } = await aScene();

    expect(await featured(`${proposal.uri}/actor/featured`)).to.deep.equal([proposal.uri]);
  });

  it("elsewhere is their own affair: noted, and without effect here", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    const target = `${alice.uri}/featured`;

    expect(await tell(alice, "Add", peer.note(alice), { target })).to.equal(202);
    expect(await tell(alice, "Remove", proposal.uri, { target })).to.equal(202);
    expect(await tell(alice, "Add", proposal.uri, { target: `${town.origin}/actor/featured` }))
      .to //
      .equal(202);

    expect(await featured(`${town.origin}/actor/featured`)).to.deep.equal([]);
    const entries = await town.visitor
      .collection(inboxCollection)
      .find({ state: "done" })
      .toArray();
    expect(entries.map(({ outcome }) => outcome)).to.deep.equal(Array(3).fill("recorded"));
  });
});
