import { expect } from "chai";
import { publishComment, commentsCollection } from "../../src/features/comments/comments.js";
import { consentToNetwork, leaveNetwork } from "../../src/features/people/people.js";
import { listProposals } from "../../src/features/proposals/listing.js";
import { editProposal, publishProposal } from "../../src/features/proposals/publishing.js";
import { proposalById, proposalByUri } from "../../src/features/proposals/proposals.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import { responseTo } from "../../src/features/responses/responses.js";
import { giveSupport, takeBackSupport } from "../../src/features/supports/supports.js";
import { aClock } from "../support/city.js";
import { aDraft } from "../support/builders.js";
import { activitiesCollection, remoteActorsCollection } from "../../src/federation/records.js";
import { linkedInstances } from "../../src/federation/linking.js";
import { aTown, closeTowns, laterAll, settleAll, type Town } from "./support/town.js";

/** Two cities that exchange: what `association` publishes is seen in `city`. */
async function twoLinked(): Promise<{ city: Town; association: Town }> {
  const clock = aClock();
  const city = await aTown({ name: "Valmont", clock });
  const association = await aTown({ name: "Vélo Valmont", kind: "association", clock });
  await city.federation.linkInstance(city.visitor, association.origin);
  await association.federation.linkInstance(association.visitor, city.origin);
  await settleAll(city, association);
  return { city, association };
}

const coalesced = 15_000;

describe("two cities", function () {
  this.timeout(20_000);
  afterEach(closeTowns);

  it("link with each other by address alone", async () => {
    const { city, association } = await twoLinked();

    const links = [
      ...(await linkedInstances(city.visitor)),
      ...(await linkedInstances(association.visitor)),
    ];

    expect(links.map(({ state }) => state)).to.deep.equal(["accepted", "accepted"]);
  });

  it("show each other's proposals, supports, comments and answers, with the same figures", async () => {
    const { city, association } = await twoLinked();
    const towns = [city, association];
    const author = await association.newcomer("Dominique");
    const proposal = await publishProposal(author, aDraft({ title: "Une piste jusqu’à la gare" }));
    await settleAll(...towns);

    const seen = await proposalByUri(city.visitor, proposal.uri);
    expect(seen?.title).to.equal("Une piste jusqu’à la gare");
    expect(seen?.elsewhere?.instanceName).to.equal("Vélo Valmont");
    if (seen === null) throw new Error("not seen");

    const citizen = await city.newcomer("Camille");
    await consentToNetwork(citizen);
    await giveSupport(citizen, seen);
    const comment = await publishComment(citizen, {
      ...{ proposalId: seen._id, parentId: null, body: "Très **bonne** idée." },
    });
    await laterAll(coalesced, ...towns);
    await laterAll(coalesced, ...towns);

    const home = await proposalById(association.visitor, proposal._id);
    expect(home?.counts.supports).to.equal(1);
    expect(home?.counts.comments).to.equal(1);
    const received = await association.visitor
      .collection(commentsCollection)
      .findOne({ uri: comment.uri });
    expect(received?.html).to.contain("<strong>bonne</strong>");

    const mayor = await city.newcomer("Adjointe", "official");
    await publishResponse(mayor, {
      ...{ proposalId: seen._id, office: "Voirie", decision: "accepted", body: "Nous la ferons." },
      milestones: [{ title: "Étude", due: "2026-09-01" }],
    });
    await laterAll(coalesced, ...towns);
    await laterAll(coalesced, ...towns);

    const answered = await proposalById(association.visitor, proposal._id);
    const back = await proposalByUri(city.visitor, proposal.uri);
    expect(answered?.status).to.equal("accepted");
    expect((await responseTo(association.visitor, proposal._id))?.office).to.equal("Voirie");
    expect(back?.status).to.equal("accepted");
    expect(back?.counts.supports).to.equal(1);
    expect(back?.counts.comments).to.equal(1);
  });

  it("take a support back on both sides, and give it again", async () => {
    const { city, association } = await twoLinked();
    const author = await association.newcomer("Dominique");
    const proposal = await publishProposal(author, aDraft());
    await settleAll(city, association);
    const seen = await proposalByUri(city.visitor, proposal.uri);
    if (seen === null) throw new Error("not seen");
    const citizen = await city.newcomer("Camille");
    await consentToNetwork(citizen);
    const counted = async (): Promise<number | undefined> =>
      (await proposalById(association.visitor, proposal._id))?.counts.supports;

    await giveSupport(citizen, seen);
    await settleAll(city, association);
    expect(await counted()).to.equal(1);
    await takeBackSupport(citizen, seen);
    await settleAll(city, association);
    expect(await counted()).to.equal(0);
    await giveSupport(citizen, seen);
    await settleAll(city, association);
    expect(await counted()).to.equal(1);
  });

  it("show what was published before they were linked, and later edits", async () => {
    const clock = aClock();
    const city = await aTown({ name: "Valmont", clock });
    const association = await aTown({ name: "Vélo", clock });
    const author = await association.newcomer("Dominique");
    const proposal = await publishProposal(author, aDraft());
    await settleAll(association);

    await city.federation.linkInstance(city.visitor, association.origin);
    await settleAll(city, association);
    expect(await proposalByUri(city.visitor, proposal.uri)).to.not.equal(null);

    await editProposal(author, proposal.number ?? 0, {
      ...aDraft({ title: "Un titre plus juste" }),
      version: 1,
    });
    await settleAll(association, city);
    expect((await proposalByUri(city.visitor, proposal.uri))?.title).to.equal(
      "Un titre plus juste",
    );
  });

  it("forward what a third city's citizen says, and believe only its own server", async () => {
    const clock = aClock();
    const [home, second, third] = await Promise.all([
      aTown({ name: "Un", clock }),
      aTown({ name: "Deux", clock }),
      aTown({ name: "Trois", clock }),
    ]);
    const towns = [home, second, third];
    await second.federation.linkInstance(second.visitor, home.origin);
    await home.federation.linkInstance(home.visitor, second.origin);
    await third.federation.linkInstance(third.visitor, home.origin);
    await settleAll(...towns);
    const proposal = await publishProposal(await home.newcomer("Alix"), aDraft());
    await settleAll(...towns);
    const seen = await proposalByUri(second.visitor, proposal.uri);
    const citizen = await second.newcomer("Sacha");
    await consentToNetwork(citizen);

    const comment = await publishComment(citizen, {
      ...{ proposalId: seen?._id ?? "", parentId: null, body: "Oui." },
    });
    await settleAll(...towns);
    await settleAll(...towns);

    const forwarded = await third.visitor
      .collection(commentsCollection)
      .findOne({ uri: comment.uri });
    expect(forwarded?.body).to.equal("Oui.");
  });

  it("answer, comment and support also while the other is out of reach", async () => {
    const { city, association } = await twoLinked();
    const proposal = await publishProposal(await association.newcomer("Alix"), aDraft());
    await settleAll(city, association);
    const seen = await proposalByUri(city.visitor, proposal.uri);
    if (seen === null) throw new Error("not seen");
    await city.visitor.collection(remoteActorsCollection).deleteMany({});
    await association.close();
    const mayor = await city.newcomer("Adjointe", "official");
    await consentToNetwork(mayor);

    await giveSupport(mayor, seen);
    await publishComment(mayor, { proposalId: seen._id, parentId: null, body: "Merci." });
    await publishResponse(mayor, {
      ...{ proposalId: seen._id, office: "Voirie", decision: "accepted", body: "Nous la ferons." },
      milestones: [],
    });
    await city.settle();

    const kept = await city.visitor.collection(activitiesCollection).find({}).toArray();
    const inbox = `${proposal.uri}/actor/inbox`;
    const told = kept.filter(({ audience }) => audience.inboxes.includes(inbox));
    expect(told.map(({ type }) => type).sort()).to.deep.equal(["Create", "Create", "Like"]);
  });

  it("call nobody by name in an answer who has left the network", async () => {
    const { city, association } = await twoLinked();
    const proposal = await publishProposal(await city.newcomer("Alix"), aDraft());
    const [leaver, stayer] = [await city.newcomer("Sacha"), await city.newcomer("Noa")];
    const left = await consentToNetwork(leaver);
    await consentToNetwork(stayer);
    const parent = await publishComment(leaver, {
      ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
    });
    await leaveNetwork(leaver);

    const reply = await publishComment(stayer, {
      ...{ proposalId: proposal._id, parentId: parent._id, body: "Pourquoi ?" },
    });
    await settleAll(city, association);

    const headers = { accept: "application/activity+json" };
    const note = await (await fetch(reply.uri, { headers })).text();
    expect(note).to.contain("Pourquoi");
    expect(note).to.not.contain(left.handle);
  });

  it("keep the comments of citizens who did not agree to the network, and count them", async () => {
    const { city, association } = await twoLinked();
    const author = await association.newcomer("Dominique");
    const proposal = await publishProposal(author, aDraft());
    await publishComment(author, { proposalId: proposal._id, parentId: null, body: "Moi aussi." });
    await laterAll(coalesced, city, association);
    await laterAll(coalesced, city, association);

    const seen = await proposalByUri(city.visitor, proposal.uri);
    expect(seen?.counts.comments).to.equal(1);
    const found = await city.visitor
      .collection(commentsCollection)
      .find({ proposalId: seen?._id ?? "" }, { sort: { rootId: 1 } })
      .toArray();
    expect(found).to.deep.equal([]);
    const listed = await listProposals(city.visitor, {
      sort: "recent",
      from: "elsewhere",
      limit: 5,
    });
    expect(listed.items).to.have.length(1);
  });
});
