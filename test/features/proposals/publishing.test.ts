import { expect } from "chai";
import { topics } from "../../../src/features/topics/topics.js";
import { proposalByNumber, versionsOf } from "../../../src/features/proposals/proposals.js";
import {
  editProposal,
  publishProposal,
  withdrawProposal,
} from "../../../src/features/proposals/publishing.js";
import { setDecision } from "../../../src/features/proposals/movement.js";
import { publishComment } from "../../../src/features/comments/comments.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import { aDraft, aProposal, aTopic, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";

describe("publishing a proposal", () => {
  afterEach(closeCities);

  it("gives it the next number, a lasting address and a page of clean HTML", async () => {
    const city = await aCity();
    const author = await city.newcomer();

    const proposal = await aProposal(author, {
      body: "Un **banc** <script>alert(1)</script> [ici](javascript:alert(1))",
    });

    expect(proposal.number).to.equal(1);
    expect(proposal.uri).to.equal("https://valmont.example/proposals/1");
    expect(proposal.html).to.contain("<strong>banc</strong>");
    expect(proposal.html).not.to.contain("<script");
    expect(proposal.html).not.to.contain('href="javascript');
  });

  it("gives fifty people who publish at once fifty different numbers", async () => {
    const city = await aCity();
    const authors = await Promise.all(Array.from({ length: 50 }, () => city.newcomer()));

    const published = await Promise.all(authors.map((author) => aProposal(author)));

    const numbers = published.map(({ number }) => number ?? 0).toSorted((a, b) => a - b);
    expect(numbers).to.deep.equal(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("asks visitors to sign in, and members for no more than ten a day", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    await expectRefusal(publishProposal(city.visitor, aDraft()), "not-signed-in");
    for (let n = 0; n < 10; n++) await aProposal(author);

    await expectRefusal(aProposal(author), "too-many-tries");
    city.clock.advance(24 * 3_600_000);

    expect((await aProposal(author)).number).to.equal(11);
  });

  it("refuses a topic that does not exist beside its field", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const refusal = await expectRefusal(aProposal(author, { topicId: "none" }), "invalid-form");
    expect(refusal.errors[0]?.field).to.equal("topicId");
  });

  it("keeps the count of its topic, whatever is edited or withdrawn", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const [streets, parks] = [await aTopic(author), await aTopic(author, "Parcs")];
    const first = await aProposal(author, { topicId: streets._id });
    await aProposal(author, { topicId: streets._id });
    const counts = async () => (await topics(author)).map((topic) => topic.proposalCount);
    await city.later(10_000);
    expect(await counts()).to.deep.equal([2, 0]);

    await editProposal(author, first.number ?? 0, { ...aDraft(), topicId: parks._id, version: 1 });
    await city.later(10_000);
    expect(await counts()).to.deep.equal([1, 1]);

    await withdrawProposal(author, first.number ?? 0);
    await city.later(10_000);
    expect(await counts()).to.deep.equal([1, 0]);
  });
});

describe("editing a proposal", () => {
  afterEach(closeCities);

  it("keeps how it read before", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    await aProposal(author, { title: "Un premier titre" });

    const edited = await editProposal(author, 1, {
      ...aDraft({ title: "Un second titre" }),
      version: 1,
    });

    expect(edited.version).to.equal(2);
    const versions = await versionsOf(author, edited);
    expect(versions.map(({ title }) => title)).to.deep.equal(["Un premier titre"]);
  });

  it("lets one of two edits made at once through, and says so to the other", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    await aProposal(author);

    const outcomes = await Promise.allSettled(
      ["Le titre du matin", "Le titre du soir"].map((title) =>
        editProposal(author, 1, { ...aDraft({ title }), version: 1 }),
      ),
    );

    expect(outcomes.map(({ status }) => status).toSorted()).to.deep.equal([
      "fulfilled",
      "rejected",
    ]);
    const late = editProposal(author, 1, { ...aDraft(), version: 1 });
    const refusal = await expectRefusal(late, "changed-meanwhile");
    expect(refusal.errors[0]?.field).to.equal("body");
  });

  it("is for its author alone, since nobody speaks in their name", async () => {
    const city = await aCity();
    await aProposal(await city.newcomer());
    const input = { ...aDraft({ title: "Un titre corrigé" }), version: 1 };

    await expectRefusal(editProposal(await city.newcomer(), 1, input), "not-allowed");
    await expectRefusal(editProposal(city.visitor, 1, input), "not-signed-in");
    await expectRefusal(editProposal(await city.newcomer(), 9, input), "not-found");
    const moderator = await city.newcomer("Modération", "moderator");

    await expectRefusal(editProposal(moderator, 1, input), "not-allowed");
    await expectRefusal(withdrawProposal(moderator, 1), "invalid-form");
    const ground = { why: "spam", note: "Publicité." } as const;
    const withdrawn = await withdrawProposal(moderator, 1, ground);
    expect([withdrawn.status, withdrawn.takenDown]).to.deep.equal(["withdrawn", ground]);
  });
});

describe("a withdrawn proposal", () => {
  afterEach(closeCities);

  it("stays readable, and takes no support, comment, edit or decision any more", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const proposal = await aProposal(author);

    const withdrawn = await withdrawProposal(author, 1);
    await withdrawProposal(author, 1);

    expect(withdrawn.status).to.equal("withdrawn");
    const neighbour = await city.newcomer();
    await expectRefusal(giveSupport(neighbour, withdrawn), "withdrawn");
    const comment = { proposalId: proposal._id, parentId: null, body: "Dommage." };
    await expectRefusal(publishComment(neighbour, comment), "withdrawn");
    await expectRefusal(editProposal(author, 1, { ...aDraft(), version: 1 }), "withdrawn");
    await setDecision(author, proposal._id, "accepted");
    const kept = await proposalByNumber(city.visitor, 1);
    expect(kept?.status).to.equal("withdrawn");
    expect(kept?.title).to.equal(proposal.title);
  });

  it("is taken back by its author alone", async () => {
    const city = await aCity();
    await aProposal(await city.newcomer());
    await expectRefusal(withdrawProposal(await city.newcomer(), 1), "not-allowed");
  });
});
