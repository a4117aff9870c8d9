import { expect } from "chai";
import { importProposals } from "../../../src/features/imports/imports.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { listProposals } from "../../../src/features/proposals/listing.js";
import {
  proposalByNumber,
  proposalsCollection,
} from "../../../src/features/proposals/proposals.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { createTopic, topics } from "../../../src/features/topics/topics.js";
import { aCity, closeCities } from "../../support/city.js";
import { aRow, comment, features, importInto, said, stateOf, written } from "./support.js";

describe("bringing in proposals from another site", () => {
  afterEach(closeCities);

  it("keeps the proposal, its supports, its discussion and the town hall's answer", async () => {
    const { visitor } = await aCity({ features });

    const report = await importInto(
      visitor,
      aRow("A-1", { comments: [said(5, null), said(6, 5)] }),
    );

    expect(report).to.deep.include({ proposals: 1, comments: 2, responses: 1, supports: 17 });
    const [proposal] = (await listProposals(visitor, { sort: "recent", limit: 5 })).items;
    expect(proposal).to.deep.include({ title: "Proposition A-1", number: 1, status: "accepted" });
    expect(proposal?.counts).to.deep.include({ supports: 17, supportsBefore: 17, comments: 2 });
    expect(proposal?.publishedAt.toISOString()).to.equal("2016-02-01T12:00:00.000Z");
    expect(proposal?.movedAt.toISOString()).to.equal("2016-03-01T10:06:00.000Z");
    expect((await topics(visitor)).map((t) => [t.name, t.proposalCount])).to.deep.equal([
      ["Esports", 1],
    ]);
    const answer = await comment(visitor, 6);
    expect(answer.parentId).to.equal((await comment(visitor, 5))._id);
    expect(answer).to.deep.include({ depth: 1, body: "Parole 6" });
  });

  it("changes nothing when the same file comes a second time", async () => {
    const city = await aCity({ features });
    const rows = [aRow("A-1", { comments: [said(5, null), said(6, 5)] }), aRow("A-2")];
    await importInto(city.visitor, ...rows);
    const before = await stateOf(city);

    const report = await importInto(city.visitor, ...rows);

    expect(report).to.deep.include({ proposals: 0, comments: 0, responses: 0, known: 2 });
    expect(await stateOf(city)).to.deep.equal(before);
  });

  it("gives the same state when two runs are at it at the same time", async () => {
    const city = await aCity({ features });
    const rows = [aRow("A-1", { comments: [said(5, null), said(6, 5)] }), aRow("A-2")];

    await Promise.all([importInto(city.visitor, ...rows), importInto(city.visitor, ...rows)]);

    const both = (await stateOf(city)) as Record<string, unknown[]>;
    expect(both["proposals"]).to.have.length(2);
    expect(both["comments"]).to.have.length(2);
    const answer = await comment(city.visitor, 6);
    const { proposalId } = answer;
    const there = await city.visitor.collection(proposalsCollection).findOne({ _id: proposalId });
    expect(there?.importKey).to.equal("pam/A-1");
  });

  it("leaves alone what happened here since the first run", async () => {
    const { visitor, newcomer } = await aCity({ features });
    await importInto(visitor, aRow("A-1"));
    const ground = { why: "illegal", note: "Publicité." } as const;
    await withdrawProposal(await newcomer("Admin", "admin"), 1, ground);

    await importInto(visitor, aRow("A-1", { title: "Autre titre" }));

    const proposal = await proposalByNumber(visitor, 1);
    expect(proposal).to.deep.include({ status: "withdrawn", title: "Proposition A-1" });
  });

  it("adds what a newer file has more to say about a known proposal", async () => {
    const { visitor } = await aCity({ features });
    await importInto(visitor, aRow("A-1", { comments: [said(5, null)] }));

    await importInto(visitor, aRow("A-1", { comments: [said(5, null), said(6, 5)] }));

    expect((await comment(visitor, 6)).rootId).to.equal((await comment(visitor, 5))._id);
    expect((await proposalByNumber(visitor, 1))?.counts.comments).to.equal(2);
  });

  it("puts an answer under its comment though the dates disagree or run in a circle", async () => {
    const { visitor } = await aCity({ features });
    const late = said(1, null, { createdAt: "2016-09-01T10:00:00Z" });

    await importInto(
      visitor,
      aRow("A-1", { comments: [said(2, 1), late, said(7, 8), said(8, 7), said(9, 404)] }),
    );

    expect((await comment(visitor, 2)).parentId).to.equal((await comment(visitor, 1))._id);
    const circle = [await comment(visitor, 7), await comment(visitor, 8)];
    expect(circle.filter(({ parentId }) => parentId === null)).to.have.length(1);
    expect((await comment(visitor, 9)).parentId).to.equal(null);
  });

  it("calls an author whose number was lost anonymous", async () => {
    const { visitor } = await aCity({ features });

    await importInto(visitor, aRow("A-1", { author: "citizen-null" }));

    const people = await visitor.collection(peopleCollection).find({}).toArray();
    expect(people.map(({ name }) => name)).to.include("Participant anonyme");
  });

  it("keeps the authors of two files apart, though both call theirs number one", async () => {
    const { visitor } = await aCity({ features });

    await importInto(visitor, aRow("A-1"));
    await importProposals(visitor, written(aRow("A-1")), { source: "other" });

    const people = await visitor.collection(peopleCollection).find({}).toArray();
    expect(people.map(({ name }) => name)).to.deep.equal(["Participant n° 1", "Participant n° 1"]);
    expect(new Set(people.map(({ handle }) => handle)).size).to.equal(2);
    for (const { handle } of people) expect(handle).to.match(/^[a-z0-9_]{1,30}$/);
  });

  it("finds a topic by its whole name, never by the beginning that its address keeps", async () => {
    const { visitor } = await aCity({ features });
    await createTopic(visitor, { name: "Desenvolupament i economia", description: "" });
    const row = aRow("A-1", { subcategory: "Desenvolupament i economia de proximitat" });

    await importInto(visitor, row);
    await importInto(visitor, aRow("A-2", { subcategory: "Desenvolupament i economia" }), row);

    expect((await topics(visitor)).map((t) => t.proposalCount)).to.deep.equal([1, 1]);
  });
});
