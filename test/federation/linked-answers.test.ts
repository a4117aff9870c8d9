import { expect } from "chai";
import { proposalByUri, proposalsCollection } from "../../src/features/proposals/proposals.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import { responseTo } from "../../src/features/responses/responses.js";
import { expectRefusal } from "../support/builders.js";
import { followingCollection, remoteActorsCollection } from "../../src/federation/records.js";
import { anAnswer } from "../features/responses/support.js";
import { aScene } from "./support/scene.js";
import { aPeer, closePeers } from "./support/peer.js";
import { actorOf, answer, link, proposed, towns } from "./support/linked-towns.js";
import { closeTowns, settleAll, type Town } from "./support/town.js";

/** Which office answered a proposal, as a town has it, and where the proposal stands there. */
async function read(town: Town, { uri }: Proposal): Promise<unknown[]> {
  const seen = await proposalByUri(town.visitor, uri);
  const response = await responseTo(town.visitor, seen?._id ?? "");
  return [response?.office ?? null, seen?.status];
}

/** A town whose software lets its officials answer what it is not asked. */
async function pretends(town: Town, { uri }: Proposal): Promise<void> {
  await town.visitor
    .collection(proposalsCollection)
    .updateOne(
      { uri },
      { $set: { "elsewhere.of": "association", "elsewhere.answeredBy": [actorOf(town)] } },
    );
}

describe("official responses among linked instances", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("are a city’s own on what was proposed to it: no other can answer it on its site", async () => {
    const [home, other] = (await towns("city", "city")) as [Town, Town];
    await link(home, other);
    const proposal = await proposed(home, other);

    await expectRefusal(answer(other, proposal), "not-allowed");
    await answer(home, proposal);
    await settleAll(home, other);

    expect(await read(other, proposal)).to.deep.equal(["Ville 0", "accepted"]);
  });

  it("are not believed of a third city by any instance that is linked with both", async () => {
    const [home, witness, third] = (await towns("city", "association", "city")) as [
      Town,
      Town,
      Town,
    ];
    await link(home, witness);
    await link(third, witness);
    await link(home, third);
    const proposal = await proposed(home, witness, third);
    await pretends(third, proposal);

    await answer(third, proposal);
    await settleAll(third, witness, home);

    expect(await read(witness, proposal)).to.deep.equal([null, "open"]);
    expect(await read(home, proposal)).to.deep.equal([null, "open"]);
  });

  it("come to an association from the city it is linked with, and to those who follow both", async () => {
    const [home, hall, witness] = (await towns("association", "city", "city")) as [
      Town,
      Town,
      Town,
    ];
    await link(home, witness);
    await link(hall, witness);
    const proposal = await proposed(home, witness);
    await link(home, hall);
    await settleAll(home, hall, witness);

    await answer(hall, proposal);
    await settleAll(hall, home, witness);
    await settleAll(hall, home, witness);

    expect(await read(home, proposal)).to.deep.equal(["Ville 1", "accepted"]);
    expect(await read(witness, proposal)).to.deep.equal(["Ville 1", "accepted"]);
  });

  it("are not taken from a city that the association is not linked with", async () => {
    const [home, witness, stranger] = (await towns("association", "city", "city")) as [
      Town,
      Town,
      Town,
    ];
    await link(home, witness);
    await link(stranger, witness);
    await stranger.federation.linkInstance(stranger.visitor, home.origin);
    await settleAll(stranger, home);
    const proposal = await proposed(home, witness, stranger);

    await expectRefusal(answer(stranger, proposal), "not-asked");
    await settleAll(stranger, home);
    for (const town of [home, stranger]) town.clock.advance(60_000);
    await expectRefusal(answer(stranger, proposal), "not-asked");
    await pretends(stranger, proposal);
    await answer(stranger, proposal);
    await settleAll(stranger, home, witness);

    expect(await read(home, proposal)).to.deep.equal([null, "open"]);
    expect(await read(witness, proposal)).to.deep.equal([null, "open"]);
  });

  it("are given as soon as the association names the city, which reads its word again when an official asks", async () => {
    const [home, hall] = (await towns("association", "city")) as [Town, Town];
    await hall.federation.linkInstance(hall.visitor, home.origin);
    await settleAll(hall, home);
    const proposal = await proposed(home, hall);
    await expectRefusal(answer(hall, proposal), "not-asked");
    await settleAll(hall, home);
    await home.federation.linkInstance(home.visitor, hall.origin);
    await settleAll(home, hall);

    for (const town of [home, hall]) town.clock.advance(60_000);
    await expectRefusal(answer(hall, proposal), "not-asked");
    await settleAll(hall, home);
    await answer(hall, proposal);
    await settleAll(hall, home);

    expect(await read(home, proposal)).to.deep.equal(["Ville 1", "accepted"]);
  });

  it("are not given by one association to what another one proposed", async () => {
    const [home, other] = (await towns("association", "association")) as [Town, Town];
    await link(home, other);
    const proposal = await proposed(home, other);
    const president = await other.newcomer("Présidente", "official");
    const seen = await proposalByUri(other.visitor, proposal.uri);
    await pretends(other, proposal);

    await publishResponse(
      { ...president, instance: { ...president.instance, kind: "city" } },
      anAnswer(seen?._id ?? ""),
    );
    await settleAll(other, home);

    expect(await read(home, proposal)).to.deep.equal([null, "open"]);
  });

  it("are taken by an association from each of its cities, however many it is linked with", async () => {
    const { town, peer, proposal, tell } = await aScene({ kind: "association" });
    const hall = await peer.actor("hall", {
      ...{ type: "Organization", civic: { kind: "instance", of: "city" } },
    });
    const asked = await town.federation.linkInstance(town.visitor, hall.uri);
    await tell(hall, "Accept", { id: asked.followUri, type: "Follow" });
    const [rows, actors] = [
      town.visitor.collection(followingCollection),
      town.visitor.collection(remoteActorsCollection),
    ];
    const [link, known] = [
      await rows.findOne({ targetUri: hall.uri }),
      await actors.findOne({ uri: hall.uri }),
    ];
    if (link === null || known === null) throw new Error("not linked");
    for (let at = 0; at < 25; at += 1) {
      const uri = `http://1.a${at}.example/actor`;
      await rows.insertOne({ ...link, _id: `f${at}`, targetUri: uri, followUri: `${uri}/f` });
      await actors.insertOne({ ...known, _id: `a${at}`, uri });
    }
    const civic = { kind: "response", office: "Voirie", decision: "accepted", text: "<p>Oui.</p>" };

    await tell(hall, "Create", peer.note(hall, { inReplyTo: proposal.uri, civic }));

    expect((await responseTo(town.visitor, proposal._id))?.saidBy).to.equal(hall.uri);
  });

  it("are by nobody whom another city would have speak for it", async () => {
    const { town, peer, tell } = await aScene();
    const elsewhere = await aPeer();
    const hall = await peer.actor("hall", { type: "Organization" });
    const third = await elsewhere.actor("hall", { type: "Organization" });
    for (const one of [hall, third]) {
      const asked = await town.federation.linkInstance(town.visitor, one.uri);
      await tell(one, "Accept", { id: asked.followUri, type: "Follow" });
    }
    const idea = await peer.actor("p1", { type: "Group" });
    const civic = {
      ...{ kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>" },
      ...{ status: "open", author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
      ...{ of: "city", answeredBy: [hall.uri, third.uri] },
    };
    const note = peer.note(idea, { civic });
    peer.documents.set(new URL(String(note["id"])).pathname, note);
    await tell(idea, "Create", note);

    const said = {
      kind: "response",
      office: "Ailleurs",
      decision: "declined",
      text: "<p>Non.</p>",
    };
    const foreign = elsewhere.note(third, { inReplyTo: note["id"], civic: said });
    await elsewhere.post(town, third, elsewhere.activity(third, "Create", foreign));
    await town.settle();

    const seen = await proposalByUri(town.visitor, String(note["id"]));
    expect(seen?.elsewhere?.answeredBy).to.deep.equal([hall.uri]);
    expect(await responseTo(town.visitor, seen?._id ?? "")).to.equal(null);
  });
});
