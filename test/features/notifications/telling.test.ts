import { expect } from "chai";
import { publishComment } from "../../../src/features/comments/comments.js";
import { follow } from "../../../src/features/follows/follows.js";
import { notificationsModel } from "../../../src/features/notifications/notifications.pages.js";
import { editQuietMs } from "../../../src/features/notifications/telling.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { editResponse, reachMilestone } from "../../../src/features/responses/answering.js";
import { receiveResponse } from "../../../src/features/responses/receiving.js";
import { receiveResponseWithdrawn } from "../../../src/features/responses/withdrawing.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import type { CityOptions } from "../../support/city.js";
import { aProposal, aTopic } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { failing } from "../../support/faults.js";
import { aResponse } from "../responses/support.js";
import { aMember, mailsTo, tellingFeatures, toldTo } from "./support.js";

async function aTown(options: CityOptions = {}) {
  const city = await aCity({ features: tellingFeatures, ...options });
  const author = await aMember(city, "Autrice");
  const official = await aMember(city, "Mairie", {}, "official");
  const topic = await aTopic(official);
  const proposal = await aProposal(author, { topicId: topic._id });
  return { city, author, official, topic, proposal };
}

describe("an official answer", () => {
  afterEach(closeCities);

  it("reaches everyone who proposed, supported, commented or follows, once", async () => {
    const { city, author, official, topic, proposal } = await aTown();
    const everyone = [author];
    for (const name of ["Soutien", "Commentaire", "Suivi", "Sujet"]) {
      everyone.push(await aMember(city, name));
    }
    const [, supporter, commenter, follower, reader] = everyone as [...(typeof everyone)[number][]];
    const stranger = await aMember(city, "Passant");
    await giveSupport(supporter!, proposal);
    await giveSupport(commenter!, proposal);
    for (const body of ["Oui !", "Encore oui !"]) {
      await publishComment(commenter!, { proposalId: proposal._id, parentId: null, body });
    }
    await follow(follower!, "proposal", proposal._id);
    await follow(reader!, "topic", topic._id);
    await city.settle();

    const response = await aResponse(official, proposal._id);
    await city.settle();

    for (const ctx of everyone) {
      const told = (await toldTo(ctx)).filter((n) => n.occasion === "response-published");
      expect(told, ctx.member.name).to.have.length(1);
      expect(told[0]).to.deep.include({ subjectId: response._id, readAt: null, mail: "sent" });
      const mails = mailsTo(city, ctx).filter(({ subject }) => subject.includes("a répondu :"));
      expect(mails, ctx.member.name).to.have.length(1);
    }
    expect(await toldTo(stranger)).to.deep.equal([]);
    expect(await toldTo(official)).to.deep.equal([]);
  });

  it("that is taken back elsewhere is told to the same people on the site, and its page is gone for good", async () => {
    const { city, author, proposal } = await aTown();
    const supporter = await aMember(city, "Soutien");
    await giveSupport(supporter, proposal);
    const [uri, saidBy] = ["https://ville.example/responses/1", "https://ville.example/actor"];
    const { _id } = await receiveResponse(city.visitor, {
      ...{ uri, saidBy, proposalId: proposal._id, office: "Voirie", decision: "accepted" },
      ...{ html: "<p>Oui.</p>", text: "Oui.", milestones: [], publishedAt: city.clock.now() },
    });
    await city.settle();
    const mails = city.mails.length;

    await receiveResponseWithdrawn(city.visitor, uri, saidBy);
    await receiveResponseWithdrawn(city.visitor, uri, saidBy);
    await city.settle();

    for (const ctx of [author, supporter]) {
      const told = (await toldTo(ctx)).filter((n) => n.occasion === "response-withdrawn");
      expect(told.map(({ subjectId, mail }) => [subjectId, mail])).to.deep.equal([[_id, "none"]]);
      const { rows } = await notificationsModel(ctx, null);
      expect(rows[0]?.text).to.match(/^La réponse à .*arbres.* a été retirée/);
    }
    expect(city.mails).to.have.length(mails);
  });

  it("is told in plain French, with the way to stop", async () => {
    const { city, author, official, proposal } = await aTown();

    const response = await aResponse(official, proposal._id);
    await city.settle();

    const [told] = await toldTo(author);
    expect(mailsTo(city, author)[0]).to.deep.equal({
      to: `${author.member._id}@valmont.example`,
      subject: "Service des espaces verts a répondu : Des arbres devant l’école",
      text: [
        "Bonjour Autrice,",
        "",
        "Service des espaces verts a répondu à la proposition « Des arbres devant l’école ».",
        "",
        "Décision : Acceptée",
        "",
        "Douze tilleuls seront plantés cet hiver devant l’école.",
        "",
        "Lire la réponse et ses étapes :",
        "https://valmont.example/proposals/1#response-title",
        "",
        "Vous recevez ce message parce que vous avez proposé, soutenu ou commenté cette proposition, ou parce que vous la suivez.",
        "",
        "-- ",
        "Valmont",
        "https://valmont.example",
        "",
        `Pour ne plus recevoir ces messages : https://valmont.example/unsubscribe/${author.member._id}/key`,
        "",
      ].join("\n"),
      fromName: "Valmont",
      host: "valmont.example",
      messageId: `notice.${told?._id}@valmont.example`,
      unsubscribeUrl: `https://valmont.example/unsubscribe/${author.member._id}/key`,
    });
    expect(told?.subjectId).to.equal(response._id);
  });

  it("speaks the reader's own language", async () => {
    const { city, official, proposal } = await aTown();
    const reader = await aMember(city, "Robin", { language: "en" });
    await follow(reader, "proposal", proposal._id);

    await aResponse(official, proposal._id);
    await city.settle();

    expect(mailsTo(city, reader)[0]?.text).to.contain("Decision: Accepted");
  });

  it("writes to nobody who stopped the mails, is unconfirmed or suspended; the site tells them", async () => {
    const { city, official, proposal } = await aTown();
    const silent = await Promise.all([
      aMember(city, "Désabonné", { mailNotices: false }),
      aMember(city, "Nouveau", { confirmedAt: null }),
      aMember(city, "Suspendu", { suspendedAt: new Date(0) }),
    ]);
    for (const ctx of silent) await follow(ctx, "proposal", proposal._id);

    await aResponse(official, proposal._id);
    await city.settle();

    for (const ctx of silent) {
      expect((await toldTo(ctx)).map(({ mail }) => mail)).to.deep.equal(["none"]);
      expect(mailsTo(city, ctx)).to.deep.equal([]);
    }
  });

  it("reaches hundreds of people, each once, also when its news arrives three times", async () => {
    const fault = failing("intents", "deleteOne");
    const { city, official, proposal } = await aTown({ storeThrough: fault.through });
    const followers = [];
    for (let n = 0; n < 450; n++) followers.push(await aMember(city, `Voisin ${n}`));
    for (const ctx of followers) await follow(ctx, "proposal", proposal._id);
    for (const ctx of followers.slice(0, 50)) await giveSupport(ctx, proposal);
    await city.later(60_000);
    await city.outbox.sweep(0);
    await city.settle();

    fault.arm(1);
    await aResponse(official, proposal._id);
    await city.later(60_000);
    expect(await city.outbox.sweep(1000)).to.be.greaterThan(0);
    await city.settle();

    for (const ctx of [followers[0]!, followers[199]!, followers[200]!, followers[449]!]) {
      expect(await toldTo(ctx)).to.have.length(1);
    }
    expect(city.mails).to.have.length(451);
    expect(new Set(city.mails.map(({ to }) => to)).size).to.equal(451);
  }).timeout(60_000);
});

describe("news that a crash interrupts", () => {
  afterEach(closeCities);

  const places = [
    ["notifications", "insertMany", "before"],
    ["notifications", "insertMany", "after"],
    ["notifications", "updateOne", "before"],
    ["accounts", "findOne", "before"],
  ] as const;

  for (const [collection, method, when] of places) {
    it(`is told in full, once, though the process dies ${when} ${collection}.${method}`, async () => {
      const fault = failing(collection, method);
      const { city, author, official, proposal } = await aTown({ storeThrough: fault.through });
      const readers = [author, ...(await Promise.all(["A", "B"].map((n) => aMember(city, n))))];
      for (const ctx of readers) await follow(ctx, "proposal", proposal._id);

      fault.arm(1, when);
      await aResponse(official, proposal._id);
      for (let n = 0; n < 5; n++) await city.later(3_600_000);

      expect(fault.deaths).to.equal(1);
      for (const ctx of readers) {
        expect((await toldTo(ctx)).map(({ mail }) => mail)).to.deep.equal(["sent"]);
        const ids = new Set(mailsTo(city, ctx).map(({ messageId }) => messageId));
        expect(ids.size, "one mail, by its id").to.equal(1);
      }
    });
  }
});

describe("what happens to an answer", () => {
  afterEach(closeCities);

  it("is told as it happens: each step once, edits once things are quiet", async () => {
    const { city, author, official, proposal } = await aTown();
    const milestones = [{ title: "Choisir les arbres", due: null }];
    const response = await aResponse(official, proposal._id, { milestones });
    await city.settle();
    const { office, decision, body } = response;
    const edit = { office, decision, body, milestones: response.milestones };

    const first = await editResponse(official, response._id, {
      ...edit,
      editedAt: null,
      office: "A",
    });
    city.clock.advance(60_000);
    await editResponse(official, response._id, { ...edit, editedAt: first.editedAt, office: "B" });
    await city.later(editQuietMs - 60_001);
    expect((await toldTo(author)).map((n) => n.occasion)).to.deep.equal(["response-published"]);
    await city.later(120_000);
    await reachMilestone(official, response._id, response.milestones[0]?._id ?? "");
    await reachMilestone(official, response._id, response.milestones[0]?._id ?? "");
    await city.later(1000);

    expect((await toldTo(author)).map((n) => n.occasion)).to.deep.equal([
      "milestone-done",
      "response-edited",
      "response-published",
    ]);
    expect(mailsTo(city, author).map(({ subject }) => subject)).to.deep.equal([
      "Service des espaces verts a répondu : Des arbres devant l’école",
      "Réponse modifiée : Des arbres devant l’école",
      "Étape franchie : Des arbres devant l’école",
    ]);
  });

  it("is not told to the official who did it, but to colleagues who follow", async () => {
    const { city, official, proposal } = await aTown();
    const colleague = await aMember(city, "Collègue", {}, "official");
    for (const ctx of [official, colleague]) await follow(ctx, "proposal", proposal._id);
    const milestones = [{ title: "Choisir les arbres", due: null }];
    const response = await aResponse(official, proposal._id, { milestones });

    await reachMilestone(colleague, response._id, response.milestones[0]?._id ?? "");
    await city.settle();

    expect((await toldTo(official)).map((n) => n.occasion)).to.deep.equal(["milestone-done"]);
    expect((await toldTo(colleague)).map((n) => n.occasion)).to.deep.equal(["response-published"]);
  });
});

describe("a comment", () => {
  afterEach(closeCities);

  it("is told to the author of the proposal and to whom it answers, never to its own author", async () => {
    const { city, author, proposal } = await aTown();
    const neighbour = await aMember(city, "Voisine");
    const say = (ctx: typeof author, parentId: string | null) =>
      publishComment(ctx, { proposalId: proposal._id, parentId, body: "Bonne idée <b>!</b>" });

    const first = await say(neighbour, null);
    const answer = await say(author, first._id);
    await say(neighbour, answer._id);
    await city.settle();

    expect((await toldTo(author)).map((n) => n.occasion)).to.have.members([
      "comment-on-yours",
      "reply-to-you",
    ]);
    expect((await toldTo(neighbour)).map((n) => n.occasion)).to.deep.equal(["reply-to-you"]);
    expect(mailsTo(city, neighbour)[0]?.text).to.contain("Autrice vous a répondu");
  });

  it("of a rush sends one mail an hour; the others are on the site", async () => {
    const { city, author, proposal } = await aTown();
    for (let n = 0; n < 4; n++) {
      const reader = await aMember(city, `Voisin ${n}`);
      await publishComment(reader, { proposalId: proposal._id, parentId: null, body: "Oui !" });
      await city.settle();
      if (n === 2) city.clock.advance(3_600_001);
    }

    expect(await toldTo(author)).to.have.length(4);
    expect(mailsTo(city, author)).to.have.length(2);
  });
});

describe("a withdrawal", () => {
  afterEach(closeCities);

  it("is told on the site to those who took part, without a mail", async () => {
    const { city, author, proposal } = await aTown();
    const supporter = await aMember(city, "Soutien");
    await giveSupport(supporter, proposal);

    await withdrawProposal(author, 1);
    await city.settle();

    expect((await toldTo(supporter)).map((n) => n.occasion)).to.deep.equal(["proposal-withdrawn"]);
    expect(await toldTo(author)).to.deep.equal([]);
    expect(city.mails).to.deep.equal([]);
  });
});
