import { expect } from "chai";
import { commentById, publishComment } from "../../../src/features/comments/comments.js";
import { reportsCollection } from "../../../src/features/moderation/reports.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { aProposal } from "../../support/builders.js";
import { aSite, type Site } from "../../support/site.js";
import { saidElsewhere } from "./support.js";

const page = "/admin/moderation";

describe("the pages of moderators", function () {
  this.timeout(30_000);
  let site: Site;
  let proposal: Proposal;
  let author: Awaited<ReturnType<Site["signedIn"]>>;
  let moderator: Awaited<ReturnType<Site["signedIn"]>>;
  before(async () => {
    site = await aSite();
    author = await site.signedIn("Alix");
    moderator = await site.signedIn("Noa", "moderator");
    proposal = await aProposal(site.as(author.member));
  });
  after(() => site.close());

  const stateOf = async (id: string) => (await commentById(site.ctx, id))?.state;
  const say = (who: string, text: string) => saidElsewhere(site.ctx, proposal._id, who, text);

  it("are closed to everybody else, whatever they send", async () => {
    const { _id } = await say("ana", "Bonjour");

    for (const part of ["", "/reports", "/refused", "/log", `/comments/${_id}`]) {
      expect((await site.browser().open(page + part)).location).to.contain("/sign-in?back=");
      expect((await author.open(page + part)).status, part).to.equal(403);
    }
    await author.open("/profile");
    for (const path of [`/comments/${_id}`, `/people/${author.member._id}/unblock`, "/reports/x"]) {
      const answer = await author.post(page + path, { act: "release", wording: "0" });
      expect(answer.status, path).to.equal(403);
    }
    expect(await stateOf(_id)).to.equal("held");
  });

  it("show what waits with its reasons, and publish it with one press, without a script", async () => {
    const { _id } = await say("ben", "Un grand oui");
    const { text } = await moderator.open(page);
    expect(text).to.contain("Un grand oui").and.contain("Premier commentaire de cette personne");
    const path = `/proposals/${proposal.number}`;
    expect((await site.browser().open(path)).text).not.to.contain("Un grand oui");
    expect((await moderator.open(path)).text).to.match(/2 commentaires attendent/);
    expect((await author.open(path)).text).not.to.match(/attendent/);
    await moderator.open(page);

    const answer = await moderator.post(`${page}/comments/${_id}`, {
      act: "release",
      wording: "0",
    });

    expect([answer.status, answer.location]).to.deep.equal([303, page]);
    expect((await site.browser().open(path)).text).to.contain("Un grand oui");
    expect((await moderator.open(`${page}/log`)).text).to.contain("Noa a publié un commentaire.");
  });

  it("say so when somebody was faster", async () => {
    const { _id } = await say("cleo", "Vite");
    await moderator.open(page);

    const late = await moderator.post(`${page}/comments/${_id}`, { act: "release", wording: "1" });

    expect(late.location).to.equal(`${page}/comments/${_id}`);
    expect((await moderator.open(late.location ?? "")).text).to.contain("a changé entre-temps");
    expect(await stateOf(_id)).to.equal("held");
  });

  it("lead back to where the moderator was reading, with 200 comments to go", async () => {
    const { _id } = await say("eve", "Page deux");
    await moderator.open(page);

    const answer = await moderator.post(`${page}/comments/${_id}?after=abc`, {
      ...{ act: "release", wording: "0" },
    });

    expect(answer.location).to.equal(`${page}?after=abc`);
  });

  it("offer to publish an answer only once what it answers is shown", async () => {
    const parent = await say("fay", "Question");
    const said = { parentId: parent._id };
    const { _id } = await saidElsewhere(site.ctx, proposal._id, "gil", "Réponse", said);

    const { text } = await moderator.open(`${page}/comments/${_id}`);

    expect(text).not.to.contain('value="release"');
    expect((await moderator.open(`${page}/comments/${parent._id}`)).text).to.contain(
      'value="release"',
    );
  });

  it("hide nothing of a resident without a reason to give them", async () => {
    const said = { proposalId: proposal._id, parentId: null, body: "Trop fort" };
    const { _id } = await publishComment(site.as(author.member), said);
    const path = `${page}/comments/${_id}`;
    await moderator.open(path);

    const answer = await moderator.post(path, { act: "hide", wording: "0", why: "" });

    expect(answer.location).to.equal(path);
    expect((await moderator.open(path)).text).to.contain("Choisissez un motif");
    expect(await stateOf(_id)).to.equal("shown");
  });

  it("ask for a reason before a proposal is withdrawn, and its author reads it", async () => {
    const other = await aProposal(site.as(author.member));
    const path = `/proposals/${other.number}/withdraw`;
    expect((await author.open(path)).text).not.to.contain("Pour quel motif");
    expect((await moderator.open(path)).text).to.contain("Pour quel motif");

    const without = await moderator.submit(path, { note: "Sans motif." });
    expect([without.status, without.text.includes("Sans motif.")]).to.deep.equal([422, true]);
    const done = await moderator.submit(path, { why: "spam", note: "C’est une publicité." });
    expect(done.status).to.equal(303);
    await site.later(0);

    const { text } = await author.open("/notifications");
    expect(text).to.contain("C’est une publicité.").and.contain("Publicité ou contenu indésirable");
    expect((await moderator.open(`${page}/log`)).text).to.contain("C’est une publicité.");
  });

  it("refuse with a reason that stays readable", async () => {
    const { _id } = await say("dan", "Achetez");
    await moderator.open(page);

    await moderator.post(`${page}/comments/${_id}`, { act: "refuse", wording: "0", why: "spam" });

    const { text } = await moderator.open(`${page}/refused`);
    expect(text).to.contain("Achetez").and.contain("Publicité ou contenu indésirable");
    expect((await site.browser().open(`/proposals/${proposal.number}`)).text).not.to.contain(
      "Achetez",
    );
  });

  it("take reports of any resident, once each, and what is hidden says so", async () => {
    const ctx = site.as(author.member);
    const said = { proposalId: proposal._id, parentId: null, body: "Quel idiot" };
    const { _id } = await publishComment(ctx, said);
    const resident = await site.signedIn("Lou");
    const form = `/comments/${_id}/report`;
    expect((await site.browser().open(form)).location).to.contain("/sign-in?back=");
    expect((await resident.open(form)).text).to.contain("Quel idiot");

    const wrong = await resident.post(form, { why: "", words: "Insulte" });
    expect([wrong.status, wrong.text.includes("Insulte")]).to.deep.equal([422, true]);
    for (let n = 0; n < 2; n += 1) {
      const sent = await resident.post(form, { why: "abuse", words: "<b>Insulte</b>" });
      expect(sent.status).to.equal(303);
    }
    const own = await author.open(form);
    expect(own.status).to.equal(200);
    expect((await author.post(form, { why: "abuse", words: "" })).status).to.equal(403);

    expect(await site.ctx.collection(reportsCollection).countDocuments({})).to.equal(1);
    const { text } = await moderator.open(`${page}/reports`);
    expect(text).to.contain("Lou").and.contain("&lt;b&gt;Insulte").and.contain("Quel idiot");
    await moderator.open(`${page}/comments/${_id}`);
    await moderator.post(`${page}/comments/${_id}`, { act: "hide", wording: "0", why: "abuse" });

    const after = (await resident.open(`/proposals/${proposal.number}`)).text;
    expect(after).not.to.contain("Quel idiot");
    expect((await moderator.open(`${page}/reports`)).text).to.contain("Aucun signalement");
  });

  it("close a report of a proposal without action, and write it down", async () => {
    const resident = await site.signedIn("Max");
    const form = `/proposals/${proposal.number}/report`;
    await resident.open(form);
    await resident.post(form, { why: "off-topic", words: "" });
    const report = await site.ctx.collection(reportsCollection).findOne({ state: "open" });
    await moderator.open(`${page}/reports`);

    await moderator.post(`${page}/reports/${report?._id}`, { act: "close" });

    const closed = await site.ctx.collection(reportsCollection).findOne({ _id: report?._id ?? "" });
    expect([closed?.state, closed?.closed?.by]).to.deep.equal(["closed", moderator.member._id]);
    expect((await moderator.open(`${page}/log`)).text).to.contain("Noa a classé un signalement.");
  });

  it("take no more than twenty reports an hour of one person", async () => {
    const eager = await site.signedIn("Ida");
    const ids: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      const body = `Mot ${n}`;
      const said = { proposalId: proposal._id, parentId: null, body };
      const one = n === 20 ? site.as(moderator.member) : site.as(author.member);
      ids.push((await publishComment(one, said))._id);
    }
    await eager.open(`/comments/${ids[0]}/report`);

    const ends: number[] = [];
    for (const id of ids) {
      ends.push((await eager.post(`/comments/${id}/report`, { why: "spam", words: "" })).status);
    }

    expect(ends.slice(0, 20)).to.deep.equal(Array.from({ length: 20 }, () => 303));
    expect(ends[20]).to.equal(429);
  });
});
