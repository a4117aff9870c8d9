import { expect } from "chai";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { responseTo } from "../../../src/features/responses/responses.js";
import { aProposal, aProposalToAnswer } from "../../support/builders.js";
import { linksOf } from "../../support/browser.js";
import { aSite, type Site } from "../../support/site.js";
import { receiveResponse } from "../../../src/features/responses/receiving.js";
import { receiveResponseWithdrawn } from "../../../src/features/responses/withdrawing.js";
import { aResponse } from "./support.js";

const nasty = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{constructor}}`;
const text = "Douze tilleuls seront plantés cet hiver devant l’école.";
const answer = { office: "Espaces verts", decision: "accepted", body: text };

describe("the pages of official answers", function () {
  this.timeout(20_000);
  let site: Site;

  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  async function published(change = {}) {
    const author = await site.signedIn("Dominique");
    const proposal = await aProposal(site.as(author.member), change);
    return { author, proposal, path: `/proposals/${proposal.number}` };
  }

  it("let an official read the proposal beside the form, answer, and see it on the proposal", async () => {
    const { path } = await published();
    const official = await site.signedIn("Mairie", "official");
    const form = await official.open(`${path}/answer`);
    expect(form.text).to.contain("Plantons des tilleuls.");

    const sent = await official.submit(`${path}/answer`, {
      ...answer,
      ...{ step1: "Choisir les arbres", due1: "2026-10-01", step3: "Planter" },
    });
    const page = await official.follow(sent);

    expect(page.text).to.contain(text).and.contain("Espaces verts").and.contain("Acceptée");
    expect(page.text).to.contain("Choisir les arbres").and.contain("1 octobre 2026");
    expect(linksOf(page.text)).not.to.include(`${path}/answer`);
  });

  it("keep everything that was typed when something is wrong, and say what", async () => {
    const { path } = await published();
    const official = await site.signedIn("Mairie", "official");
    await official.open(`${path}/answer`);

    const refused = await official.submit(`${path}/answer`, {
      ...answer,
      ...{ body: "Oui", step2: "Planter", due2: "2026-02-30", due5: "2026-03-01" },
    });
    expect(refused.status).to.equal(422);
    expect(refused.text).to.contain("il faut au moins 20 signes");
    const again = await official.submit(`${path}/answer`, {
      ...{ body: text, step2: "Planter", due2: "2026-02-30", due5: "2026-03-01" },
      ...{ office: "Espaces verts", decision: "planned" },
    });

    expect(again.status).to.equal(422);
    expect(again.text).to.contain("Ce jour n’existe pas").and.contain("Dites ce que sera");
    const fields = official.fields(`${path}/answer`);
    expect(fields).to.include({ office: "Espaces verts", step2: "Planter", due2: "2026-02-30" });
    expect(again.text).to.contain(text);
    expect(again.text).to.match(/value="planned" checked/);
  });

  it("keep what an official typed while another one answered, and lead to that answer", async () => {
    const { path, proposal } = await published();
    const official = await site.signedIn("Mairie", "official");
    await official.open(`${path}/answer`);
    const given = await aResponse(site.as(official.member), proposal._id);

    const late = await official.submit(`${path}/answer`, answer);

    expect(late.status).to.equal(409);
    expect(late.text).to.contain(text);
    expect(linksOf(late.text)).to.include(`/responses/${given._id}`);
    const opened = await official.open(`${path}/answer`);
    expect(opened.location).to.equal(`/responses/${given._id}`);
  });

  it("show a preview without publishing anything", async () => {
    const { path, proposal } = await published();
    const official = await site.signedIn("Mairie", "official");
    await official.open(`${path}/answer`);

    const seen = await official.submit(`${path}/answer`, { ...answer, preview: "1" });

    expect(seen.text).to.contain("rien n’est encore publié").and.contain(`<p>${text}</p>`);
    expect(await responseTo(site.ctx, proposal._id)).to.equal(null);
  });

  it("are closed to whom they are not for", async () => {
    const { author, path, proposal } = await published();
    const visitor = site.browser();

    expect((await author.open(`${path}/answer`)).status).to.equal(403);
    expect((await author.open("/office")).status).to.equal(403);
    const sent = await visitor.open(`${path}/answer`);
    expect(sent.location).to.equal(`/sign-in?back=${encodeURIComponent(`${path}/answer`)}`);
    await withdrawProposal(site.as(author.member), proposal.number ?? 0);
    const official = await site.signedIn("Mairie", "official");
    expect((await official.open(`${path}/answer`)).status).to.equal(409);
    expect((await official.open("/proposals/99/answer")).status).to.equal(404);
  });

  it("let an official correct an answer and say that a step is done", async () => {
    const { path, proposal } = await published();
    const official = await site.signedIn("Mairie", "official");
    const milestones = [{ title: "Planter", due: null }];
    const given = await aResponse(site.as(official.member), proposal._id, { milestones });
    const own = `/responses/${given._id}`;
    const step = given.milestones[0]?._id ?? "";

    await official.open(`${own}/edit`);
    const fields = official.fields(`${own}/edit`);
    expect(fields).to.include({ office: given.office, step1: "Planter", id1: step });
    await official.follow(
      await official.submit(`${own}/edit`, { ...answer, step1: "Planter tout" }),
    );
    await official.open(own);
    const done = await official.follow(await official.submit(`${own}/milestones/${step}/done`));

    expect(done.text).to.match(/milestone-done[^]*Planter tout/);
    expect((await site.browser().open(path)).text).to.contain("Réalisée");
  });

  it("show the newer text when two officials edit at once, and keep the typed one", async () => {
    const { proposal } = await published();
    const official = await site.signedIn("Mairie", "official");
    const given = await aResponse(site.as(official.member), proposal._id);
    const own = `/responses/${given._id}/edit`;
    const colleague = await site.signedIn("Collègue", "official");
    await colleague.open(own);
    await official.open(own);
    await colleague.submit(own, { ...answer, office: "Voirie" });

    const late = await official.submit(own, { ...answer, body: `${text} Et un banc.` });
    expect(late.status).to.equal(409);
    expect(late.text).to.contain("Voirie").and.contain("Et un banc.");
    const second = await official.submit(own, { ...answer, body: `${text} Et un banc.` });

    expect(second.status).to.equal(303);
  });

  it("show nasty words as words", async () => {
    const { path, proposal } = await published({ title: `Banc ${nasty}`, body: nasty.repeat(3) });
    const official = await site.signedIn("Mairie", "official");
    const form = await official.open(`${path}/answer`);
    const given = await aResponse(site.as(official.member), proposal._id, {
      ...{ office: nasty, body: nasty.repeat(2), milestones: [{ title: nasty, due: null }] },
    });

    const pages = [form.text];
    for (const url of [path, `/responses/${given._id}`, `/responses/${given._id}/edit`]) {
      pages.push((await official.open(url)).text);
    }
    pages.push((await official.open("/responses")).text, (await official.open("/office")).text);
    for (const page of pages) expect(page).not.to.match(/<script>alert|<img src=x/);
    const feed = await official.open("/responses.atom");
    expect(feed.text).not.to.match(/<script|<img/);
  });

  it("list the answers by decision, in both languages, with a feed", async () => {
    const { proposal } = await published();
    const official = await site.signedIn("Mairie", "official");
    const given = await aResponse(site.as(official.member), proposal._id);
    const visitor = site.browser("en");

    const all = await visitor.open("/responses");
    expect(all.text).to.contain("Official answers").and.contain(proposal.title);
    expect((await visitor.open("/responses?decision=accepted")).text).to.contain(proposal.title);
    const none = await visitor.open("/responses?decision=declined");
    expect(none.text).to.contain("No answer of this kind");
    expect((await visitor.open("/responses?after=nonsense")).status).to.equal(404);
    expect((await visitor.open("/responses/nothing")).status).to.equal(404);
    const feed = await visitor.open("/responses.atom");
    expect(feed.type).to.contain("application/atom+xml");
    expect(feed.text).to.contain(`<id>${given.uri}</id>`);
  });
});

describe("what awaits an answer", function () {
  this.timeout(20_000);
  let site: Site;

  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  it("is listed for officials, the oldest or the most wanted first", async () => {
    const official = await site.signedIn("Mairie", "official");
    const author = await site.signedIn();
    for (let n = 1; n <= 4; n++) {
      await aProposal(site.as(author.member), { title: `Une idée numéro ${n}` });
      await site.later(24 * 3_600_000);
    }
    await receiveProposal(site.ctx, aProposalToAnswer(site.ctx));
    const answered = await aProposal(site.as(author.member), { title: "Une idée déjà traitée" });
    await aResponse(site.as(official.member), answered._id);

    const oldest = await official.open("/office");
    expect(oldest.text)
      .to.contain("5 propositions attendent une réponse")
      .and.match(/<td[^>]*>4\sjours<\/td>/);
    expect(oldest.text).not.to.contain("déjà traitée");
    const order = [...oldest.text.matchAll(/Une idée numéro (\d)<\/a>/g)].map(([, n]) => n);
    expect(order).to.deep.equal(["1", "2", "3", "4"]);
    const wanted = await official.open("/office?sort=supported");
    expect(wanted.text.indexOf("piste cyclable")).to.be.lessThan(wanted.text.indexOf("numéro 1"));
    expect(
      linksOf(wanted.text).some((link) => /^\/proposals\/linked-\w+\/answer$/.test(link)),
    ).to.equal(true);
  });

  it("is gone where its city took it back, and unknown where there never was one", async () => {
    const official = await site.signedIn("Mairie", "official");
    const proposal = await aProposal(site.as(official.member));
    const [uri, saidBy] = ["https://ville.example/responses/9", "https://ville.example/actor"];
    const { _id } = await receiveResponse(site.ctx, {
      ...{ uri, saidBy, proposalId: proposal._id, office: "Voirie", decision: "accepted" },
      ...{ html: "<p>Oui.</p>", text: "Oui.", milestones: [], publishedAt: site.clock.now() },
    });
    expect((await site.browser().open(`/responses/${_id}`)).status).to.equal(200);

    await receiveResponseWithdrawn(site.ctx, uri, saidBy);

    expect((await site.browser().open(`/responses/${_id}`)).status).to.equal(410);
    expect((await site.browser().open("/responses/unknown")).status).to.equal(404);
  });
});
