import { expect } from "chai";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import {
  assertOurs,
  editResponse,
  publishResponse,
  reachMilestone,
} from "../../../src/features/responses/answering.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { proposalsAwaiting } from "../../../src/features/responses/awaiting.js";
import type { Decision, Response } from "../../../src/features/responses/response.js";
import {
  answerSought,
  latestResponses,
  responseById,
  responsesTo,
  responseTo,
} from "../../../src/features/responses/responses.js";
import { defineFeature, on, type Ctx } from "../../../src/kit/index.js";
import {
  aProposal,
  aProposalToAnswer,
  aReceivedProposal,
  expectRefusal,
} from "../../support/builders.js";
import { aCity, closeCities, type City } from "../../support/city.js";
import { Died, failing } from "../../support/faults.js";
import { anAnswer, answeringFeatures, aResponse } from "./support.js";

const steps = [
  { title: "Choisir les arbres", due: "2026-10-01" },
  { title: "Planter", due: null },
];

async function aTown() {
  const city = await aCity({ features: answeringFeatures });
  const author = await city.newcomer();
  const official = await city.newcomer("Mairie", "official");
  return { city, official, author, proposal: await aProposal(author) };
}

async function statusIn(city: City, id: string) {
  return (await proposalById(city.visitor, id))?.status;
}

/** An edit that keeps everything but what is named. */
function edited(response: Response, change: object = {}) {
  const { office, decision, body, milestones, editedAt } = response;
  return { office, decision, body, milestones, editedAt, ...change };
}

describe("answering a proposal", () => {
  afterEach(closeCities);

  it("of another instance is for a city: an association answers its own alone", async () => {
    const { official, proposal } = await aTown();
    const elsewhere = await receiveProposal(official, aProposalToAnswer(official));
    const instance = { ...official.instance, kind: "association" } as const;
    const secretary = { ...official, instance };

    await expectRefusal(aResponse(secretary, elsewhere._id), "not-allowed");
    const page = { sort: "oldest", cursor: null, limit: 10 } as const;
    const awaiting = async (ctx: Ctx) => (await proposalsAwaiting(ctx, page)).items;

    expect((await awaiting(secretary)).map(({ _id }) => _id)).to.deep.equal([proposal._id]);
    expect(await awaiting(official)).to.have.length(2);
    await aResponse(secretary, proposal._id);
    await aResponse(official, elsewhere._id);
  });

  it("of an association is for the cities that it names, and awaits nothing of another one", async () => {
    const { official, proposal } = await aTown();
    const unnamed = await receiveProposal(official, aReceivedProposal());

    await expectRefusal(aResponse(official, unnamed._id), "not-asked");

    for (const sort of ["oldest", "supported"] as const) {
      const { items } = await proposalsAwaiting(official, { sort, cursor: null, limit: 10 });
      expect(items.map(({ _id }) => _id)).to.deep.equal([proposal._id]);
    }
  });

  it("that does not name us has its home asked again once a minute, however often officials look", async () => {
    const sought: string[] = [];
    const home = defineFeature({
      name: "home",
      on: [
        on(answerSought, "home", (_ctx, { proposalId }) => {
          sought.push(proposalId);
          return Promise.resolve();
        }),
      ],
    });
    const city = await aCity({ features: [...answeringFeatures, home] });
    const official = await city.newcomer("Mairie", "official");
    const [one, other] = [
      await receiveProposal(official, aReceivedProposal()),
      await receiveProposal(official, aReceivedProposal({ uri: "https://asso.example/other" })),
    ];
    const look = async (proposal: Proposal) => {
      await expectRefusal(assertOurs(official, proposal), "not-asked");
      await city.settle();
    };

    for (const proposal of [one, one, other, one]) await look(proposal);
    expect(sought).to.deep.equal([one._id, other._id]);
    city.clock.advance(60_000);
    await look(one);
    expect(sought).to.deep.equal([one._id, other._id, one._id]);
  });

  it("that another city was asked is that city’s alone, and awaits nothing here", async () => {
    const { official, proposal } = await aTown();
    const told = aReceivedProposal();
    const asked = await receiveProposal(official, {
      ...told,
      elsewhere: { ...told.elsewhere, of: "city" },
    });
    const awaiting = async (sort: "oldest" | "supported") => {
      const { items } = await proposalsAwaiting(official, { sort, cursor: null, limit: 10 });
      return items.map(({ _id }) => _id);
    };

    await expectRefusal(aResponse(official, asked._id), "not-allowed");

    expect(await awaiting("oldest")).to.deep.equal([proposal._id]);
    expect(await awaiting("supported")).to.deep.equal([proposal._id]);
  });

  it("puts the office, its decision and its words on the record, for all to read", async () => {
    const { city, official, proposal } = await aTown();

    const response = await aResponse(official, proposal._id, { milestones: steps });

    expect(response.uri).to.equal(`https://valmont.example/responses/${response._id}`);
    expect(response.html).to.equal(
      "<p>Douze tilleuls seront plantés <strong>cet hiver</strong> devant l’école.</p>",
    );
    expect(response.milestones.map(({ title, due, doneAt }) => [title, due, doneAt])).to.deep.equal(
      [
        ["Choisir les arbres", "2026-10-01", null],
        ["Planter", null, null],
      ],
    );
    expect(await responseTo(city.visitor, proposal._id)).to.deep.include({ _id: response._id });
  });

  it("is for officials alone", async () => {
    const { city, author, proposal } = await aTown();

    await expectRefusal(publishResponse(author, anAnswer(proposal._id)), "not-an-official");
    await expectRefusal(publishResponse(city.visitor, anAnswer(proposal._id)), "not-signed-in");
    const moderator = await city.newcomer("Modération", "moderator");
    await expectRefusal(publishResponse(moderator, anAnswer(proposal._id)), "not-an-official");
    expect(await statusIn(city, proposal._id)).to.equal("open");
  });

  it("refuses a second answer to the same proposal", async () => {
    const { city, official, proposal } = await aTown();
    await aResponse(official, proposal._id);

    const second = aResponse(official, proposal._id, { decision: "declined" });

    await expectRefusal(second, "already-answered");
    expect(await statusIn(city, proposal._id)).to.equal("accepted");
  });

  it("lets one of ten answers given at once through, and the status is that one's", async () => {
    const { city, proposal } = await aTown();
    const decisions: Decision[] = ["accepted", "declined"];
    const officials = await Promise.all(
      Array.from({ length: 10 }, () => city.newcomer("Mairie", "official")),
    );

    const outcomes = await Promise.allSettled(
      officials.map((official, n) =>
        aResponse(official, proposal._id, { decision: decisions[n % 2] ?? "planned" }),
      ),
    );
    await city.later(10_000);

    const given = outcomes.flatMap((o) => (o.status === "fulfilled" ? [o.value] : []));
    expect(given).to.have.length(1);
    expect(await statusIn(city, proposal._id)).to.equal(given[0]?.decision);
  });

  for (const decision of ["accepted", "planned", "under-study", "declined", "not-ours"] as const) {
    it(`lets the proposal stand as ${decision} when that is the decision`, async () => {
      const { city, official, proposal } = await aTown();

      await aResponse(official, proposal._id, { decision });

      expect(await statusIn(city, proposal._id)).to.equal(decision);
    });
  }

  it("refuses to answer what was withdrawn or never was", async () => {
    const { official, author, proposal } = await aTown();
    await withdrawProposal(author, proposal.number ?? 0);

    await expectRefusal(aResponse(official, proposal._id), "withdrawn");
    await expectRefusal(aResponse(official, "nothing"), "not-found");
  });

  it("refuses a day that the calendar does not have, beside its field", async () => {
    const { official, proposal } = await aTown();
    for (const due of ["2026-02-30", "31/12/2026", "2026-1-1", "9999-01-01", "2026-13-01"]) {
      const milestones = [...steps, { title: "Arroser", due }];

      const refusal = await expectRefusal(
        aResponse(official, proposal._id, { milestones }),
        "invalid-form",
      );

      expect(refusal.errors[0]).to.deep.include({ field: "due3", key: "responses.errors.day" });
    }
  });

  it("refuses more than twelve steps", async () => {
    const { official, proposal } = await aTown();
    const milestones = Array.from({ length: 13 }, () => ({ title: "Encore", due: null }));

    await expectRefusal(aResponse(official, proposal._id, { milestones }), "invalid-form");
  });

  it("shows no markup that an official pasted", async () => {
    const { official, proposal } = await aTown();

    const { html } = await aResponse(official, proposal._id, {
      body: "Oui <img src=x onerror=alert(1)> et [non](javascript:alert(1)), merci à tous.",
    });

    expect(html).not.to.match(/<img|href="javascript/);
  });

  it("repairs the status when the process died between the answer and it", async () => {
    const fault = failing("proposals", "updateOne");
    const city = await aCity({ features: answeringFeatures, storeThrough: fault.through });
    const official = await city.newcomer("Mairie", "official");
    const proposal = await aProposal(await city.newcomer());

    fault.arm(1);
    const died = await aResponse(official, proposal._id).catch((error: unknown) => error);
    expect(died).to.be.instanceOf(Died);
    expect(await statusIn(city, proposal._id)).to.equal("open");

    city.clock.advance(60_000);
    await city.outbox.sweep(1000);
    await city.settle();
    expect(await statusIn(city, proposal._id)).to.equal("accepted");
  });
});

describe("changing an answer", () => {
  afterEach(closeCities);

  it("changes the words, the decision and with it the status; done steps stay done", async () => {
    const { city, official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, { milestones: steps });
    const [first] = response.milestones;
    const reached = await reachMilestone(official, response._id, first?._id ?? "");

    const changed = await editResponse(
      official,
      response._id,
      edited(reached, {
        decision: "planned",
        milestones: [
          { _id: null, title: "Consulter l’école", due: "2026-09-01" },
          { ...first, title: "Choisir les essences" },
        ],
      }),
    );

    expect(changed.milestones.map(({ title, doneAt }) => [title, doneAt !== null])).to.deep.equal([
      ["Consulter l’école", false],
      ["Choisir les essences", true],
    ]);
    expect(await statusIn(city, proposal._id)).to.equal("planned");
  });

  it("lets one of two edits made at once through, and says so to the other", async () => {
    const { official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id);

    const outcomes = await Promise.allSettled(
      ["du matin", "du soir"].map((time) =>
        editResponse(official, response._id, edited(response, { office: `Service ${time}` })),
      ),
    );

    expect(outcomes.map(({ status }) => status).toSorted()).to.deep.equal([
      "fulfilled",
      "rejected",
    ]);
    const late = editResponse(official, response._id, edited(response, { office: "Un autre" }));
    await expectRefusal(late, "changed-meanwhile");
  });

  it("loses no step that is reached while the answer is being saved", async () => {
    const { official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, { milestones: steps });
    const [first] = response.milestones;

    const [, reached] = await Promise.allSettled([
      editResponse(official, response._id, edited(response, { office: "Un autre" })),
      reachMilestone(official, response._id, first?._id ?? ""),
    ]);

    expect(reached.status).to.equal("fulfilled");
    const kept = await responseById(official, response._id);
    expect(kept?.milestones[0]?.doneAt).not.to.equal(null);
  });

  it("is for officials of the town hall that gave it", async () => {
    const { author, official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id);

    await expectRefusal(editResponse(author, response._id, edited(response)), "not-an-official");
    await expectRefusal(editResponse(official, "none", edited(response)), "not-found");
  });
});

describe("the steps of an answer", () => {
  afterEach(closeCities);

  it("make the proposal done once all are, and saying so twice changes nothing", async () => {
    const { city, official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, { milestones: steps });
    const [first, second] = response.milestones.map(({ _id }) => _id);

    const once = await reachMilestone(official, response._id, first ?? "");
    city.clock.advance(60_000);
    const twice = await reachMilestone(official, response._id, first ?? "");
    expect(twice.milestones[0]?.doneAt).to.deep.equal(once.milestones[0]?.doneAt);
    expect(await statusIn(city, proposal._id)).to.equal("accepted");

    await reachMilestone(official, response._id, second ?? "");
    expect(await statusIn(city, proposal._id)).to.equal("done");
  });

  it("are all kept when two are reached at the same time", async () => {
    const { city, official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, { milestones: steps });

    await Promise.all(
      response.milestones.map(({ _id }) => reachMilestone(official, response._id, _id)),
    );
    await city.settle();

    expect(await statusIn(city, proposal._id)).to.equal("done");
  });

  it("never make done what was declined", async () => {
    const { city, official, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, {
      decision: "declined",
      milestones: [{ title: "Écrire à l’auteur", due: null }],
    });

    await reachMilestone(official, response._id, response.milestones[0]?._id ?? "");

    expect(await statusIn(city, proposal._id)).to.equal("declined");
  });

  it("are reached by officials, and only those that exist", async () => {
    const { official, author, proposal } = await aTown();
    const response = await aResponse(official, proposal._id, { milestones: steps });

    await expectRefusal(reachMilestone(official, response._id, "none"), "not-found");
    const step = response.milestones[0]?._id ?? "";
    await expectRefusal(reachMilestone(author, response._id, step), "not-an-official");
  });
});

describe("the answers of the town hall", () => {
  afterEach(closeCities);

  it("are listed the latest first, page after page, without a gap", async () => {
    const { city, official } = await aTown();
    const given: string[] = [];
    for (let n = 0; n < 5; n++) {
      const proposal = await aProposal(await city.newcomer());
      given.unshift((await aResponse(official, proposal._id))._id);
      if (n % 2 === 0) city.clock.advance(1000);
    }

    const read: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, next } = await latestResponses(city.visitor, { cursor, limit: 2 });
      read.push(...items.map(({ _id }) => _id));
      cursor = next;
    } while (cursor !== null);

    expect(read).to.deep.equal(given);
  });

  it("are looked up for many proposals at once", async () => {
    const { city, official, proposal } = await aTown();
    const other = await aProposal(await city.newcomer());
    const response = await aResponse(official, proposal._id);

    const found = await responsesTo(city.visitor, [proposal._id, other._id]);

    expect([...found].map(([id, { _id }]) => [id, _id])).to.deep.equal([
      [proposal._id, response._id],
    ]);
  });
});
