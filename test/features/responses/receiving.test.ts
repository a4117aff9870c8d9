import { expect } from "chai";
import { on } from "../../../src/kit/index.js";
import { defineFeature } from "../../../src/kit/index.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { editResponse } from "../../../src/features/responses/answering.js";
import {
  receiveResponse,
  receiveResponseEdit,
  type ReceivedResponse,
} from "../../../src/features/responses/receiving.js";
import {
  milestoneReached,
  responseEdited,
  responsePublished,
} from "../../../src/features/responses/responses.js";
import { aProposal, aProposalToAnswer, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { answeringFeatures, aResponse } from "./support.js";

function aTold(proposalId: string, change: Partial<ReceivedResponse> = {}): ReceivedResponse {
  return {
    uri: "https://ville.example/responses/1",
    saidBy: "https://ville.example/actor",
    proposalId,
    office: "Voirie",
    decision: "planned",
    html: "<p>Prévu <script>alert(1)</script><b onclick=x>au budget</b>.</p>",
    text: "Prévu au budget.",
    milestones: [{ _id: "m/1", title: "Étude", due: "2026-02-31", doneAt: null }],
    publishedAt: new Date("2026-03-01T10:00:00.000Z"),
    ...change,
  };
}

async function aListeningTown() {
  const heard: string[] = [];
  const hear = async (_ctx: unknown, event: { responseId: string; milestoneId?: string }) => {
    heard.push(event.milestoneId ?? "response");
  };
  const listener = defineFeature({
    name: "listener",
    on: [
      on(responsePublished, "hear", hear),
      on(responseEdited, "hear", hear),
      on(milestoneReached, "hear", hear),
    ],
  });
  const city = await aCity({ features: [...answeringFeatures, listener] });
  const author = await city.newcomer();
  return { city, heard, author, proposal: await aProposal(author) };
}

describe("an answer of another instance", () => {
  afterEach(closeCities);

  it("is kept once however often it is told, cleaned, and moves the proposal", async () => {
    const { city, heard, proposal } = await aListeningTown();

    const told = await Promise.all([
      receiveResponse(city.visitor, aTold(proposal._id)),
      receiveResponse(city.visitor, aTold(proposal._id)),
      receiveResponse(city.visitor, aTold(proposal._id)),
    ]);
    await city.settle();

    expect(new Set(told.map(({ _id }) => _id)).size).to.equal(1);
    expect(told[0]?.html).to.equal("<p>Prévu <b>au budget</b>.</p>");
    expect(told[0]?.milestones).to.deep.equal([
      { _id: "m-1", title: "Étude", due: null, doneAt: null },
    ]);
    expect((await proposalById(city.visitor, proposal._id))?.status).to.equal("planned");
    expect(heard).to.deep.equal(["response"]);
  });

  it("is refused where another answer lies already", async () => {
    const { city, proposal } = await aListeningTown();
    await aResponse(await city.newcomer("Mairie", "official"), proposal._id);

    const told = receiveResponse(city.visitor, aTold(proposal._id));

    await expectRefusal(told, "already-answered");
  });

  it("tells of an edit, and of steps that were reached, once each", async () => {
    const { city, heard, proposal } = await aListeningTown();
    const told = aTold(proposal._id);
    await receiveResponse(city.visitor, told);
    await city.settle();
    heard.length = 0;

    await receiveResponseEdit(city.visitor, told.uri, told);
    const done = told.milestones.map((step) => ({ ...step, doneAt: new Date(0) }));
    await receiveResponseEdit(city.visitor, told.uri, { ...told, milestones: done });
    await receiveResponseEdit(city.visitor, told.uri, { ...told, milestones: done });
    await city.settle();
    expect(heard).to.deep.equal(["m-1"]);

    const reworded = { ...told, milestones: done, office: "Mobilités" };
    await receiveResponseEdit(city.visitor, told.uri, reworded);
    await city.settle();
    expect(heard).to.deep.equal(["m-1", "response"]);
    expect((await proposalById(city.visitor, proposal._id))?.status).to.equal("done");
  });

  it("is changed by its own instance alone", async () => {
    const { city, proposal } = await aListeningTown();
    const official = await city.newcomer("Mairie", "official");
    const other = await aProposal(await city.newcomer());
    const ours = await aResponse(official, other._id);
    const theirs = await receiveResponse(city.visitor, aTold(proposal._id));

    const told = aTold(proposal._id);
    await expectRefusal(receiveResponseEdit(city.visitor, ours.uri, told), "not-allowed");
    await expectRefusal(
      receiveResponseEdit(city.visitor, "https://x.example/1", told),
      "not-found",
    );
    const { office, decision, body, milestones, editedAt } = theirs;
    const edit = { office, decision, body, milestones, editedAt };
    await expectRefusal(editResponse(official, theirs._id, edit), "not-allowed");
  });
});

describe("a proposal of another instance", () => {
  afterEach(closeCities);

  it("can be answered by the town hall, which is what linking is for", async () => {
    const { city } = await aListeningTown();
    const official = await city.newcomer("Mairie", "official");
    const proposal = await receiveProposal(city.visitor, aProposalToAnswer(city.visitor));

    await aResponse(official, proposal._id, { decision: "under-study" });

    expect((await proposalById(city.visitor, proposal._id))?.status).to.equal("under-study");
  });
});
