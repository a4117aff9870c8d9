import { expect } from "chai";
import { editProposal } from "../../../src/features/proposals/publishing.js";
import { proposalByNumber } from "../../../src/features/proposals/proposals.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { createTopic } from "../../../src/features/topics/topics.js";
import type { Topic } from "../../../src/features/topics/topic.js";
import { aProposal, aReceivedProposal } from "../../support/builders.js";
import { aSite, type Site } from "../../support/site.js";

const title = "Planter des tilleuls place du Marché";
const body = "Il fait trop chaud en été.\n\nDes **arbres** donneraient de l’ombre.";

describe("writing a proposal in a browser without scripts", function () {
  this.timeout(20_000);
  let site: Site;
  let topic: Topic;

  before(async () => {
    site = await aSite();
    topic = await createTopic(site.ctx, { name: "Nature", slug: "nature", description: "" });
  });
  after(() => site.close());

  it("leads a visitor to sign in, and back to the form", async () => {
    const answer = await site.browser().open(`/proposals/new?topic=${topic._id}`);
    const back = encodeURIComponent(`/proposals/new?topic=${topic._id}`);
    expect(answer.location).to.equal(`/sign-in?back=${back}`);
  });

  it("publishes what was typed and shows it with thanks", async () => {
    const author = await site.signedIn("Camille");
    await author.open("/proposals/new");

    const answer = await author.submit("/proposals/new", { title, body, topicId: topic._id });
    const shown = await author.follow(answer);

    expect(answer.status).to.equal(303);
    expect(shown.status).to.equal(200);
    expect(shown.text).to.contain("Votre proposition est publiée");
    expect(shown.text).to.contain("<strong>arbres</strong>");
    expect(shown.text).to.match(/rel="canonical" href="http:\/\/127\.0\.0\.1:\d+\/proposals\/\d+"/);
    expect(shown.text).to.match(/application\/activity\+json" href="[^"]*\/proposals\/\d+"/);
  });

  it("refuses beside the field, in words, and keeps what was typed", async () => {
    const author = await site.signedIn();
    await author.open("/proposals/new");

    const typed = { title: "Court", body: "  Bref & <b>", topicId: "nowhere", place: "Gare" };
    const answer = await author.submit("/proposals/new", typed);

    expect(answer.status).to.equal(422);
    expect(answer.text).to.contain("il faut au moins 10 signes");
    expect(answer.text).to.contain('href="#f-body"');
    expect(author.fields("/proposals/new")).to.include({ ...typed, topicId: "" });
  });

  it("says that a topic is needed, and survives a form of nonsense", async () => {
    const author = await site.signedIn();
    await author.open("/proposals/new");
    const empty = await author.submit("/proposals/new", { title, body, topicId: "" });
    expect(empty.status).to.equal(422);
    expect(empty.text).to.contain("Cette réponse est nécessaire");

    for (const fields of [
      { title: "\u0000".repeat(300), body: "x".repeat(20_001), topicId: "x".repeat(90) },
      { title, body, topicId: topic._id, latitude: "91", longitude: "a" },
    ]) {
      expect((await author.submit("/proposals/new", fields)).status).to.equal(422);
    }
  });

  it("shows a preview and publishes nothing yet", async () => {
    const author = await site.signedIn();
    await author.open("/proposals/new");
    const typed = { title, body, topicId: topic._id };

    const answer = await author.submit("/proposals/new", { ...typed, preview: "1" });

    expect(answer.status).to.equal(200);
    expect(answer.text).to.contain("rien n’est encore publié");
    expect(answer.text).to.contain("<strong>arbres</strong>");
    expect(author.fields("/proposals/new")).to.include(typed);
  });

  it("answers a script that previews with clean HTML", async () => {
    const author = await site.signedIn();
    await author.open("/proposals/new");
    const typed = { text: "**gras** <img src=x onerror=alert(1)>" };

    const answer = await author.post("/proposals/preview", typed, "application/json");

    const { html } = JSON.parse(answer.text) as { html: string };
    expect(html).to.contain("<strong>gras</strong>");
    expect(html).not.to.contain("<img");
    expect((await site.browser().post("/proposals/preview", typed)).status).to.equal(403);
  });

  it("keeps both texts when its author changes it in two windows at once", async () => {
    const author = await site.signedIn();
    const { number } = await aProposal(site.as(author.member), { topicId: topic._id });
    const path = `/proposals/${number}/edit`;
    await author.open(path);
    const first = { title: "Le titre de la première fenêtre", body, topicId: topic._id };
    await editProposal(site.as(author.member), number ?? 0, { ...first, place: null, version: 1 });

    const answer = await author.submit(path, { title: "Le titre de la seconde", body });

    expect(answer.status).to.equal(409);
    expect(answer.text).to.contain("Le titre de la première fenêtre");
    expect(author.fields(path)).to.include({ title: "Le titre de la seconde", version: "2" });
    const again = await author.submit(path);
    expect(again.status).to.equal(303);
    const kept = await proposalByNumber(site.ctx, number ?? 0);
    expect(kept?.title).to.equal("Le titre de la seconde");
    const history = await author.open(`/proposals/${number}/history`);
    expect(history.text).to.match(/<del>.*première/);
    expect(history.text).to.match(/<ins>.*seconde/);
  });

  it("asks before it withdraws, and the page says so afterwards", async () => {
    const author = await site.signedIn();
    const { number } = await aProposal(site.as(author.member));
    const path = `/proposals/${number}`;
    const question = await author.open(`${path}/withdraw`);
    expect(question.text).to.contain("Retirer cette proposition");

    const shown = await author.follow(await author.submit(`${path}/withdraw`));

    expect(shown.text).to.contain("Proposition retirée");
    expect(shown.text).not.to.contain(`action="${path}/support"`);
    expect(shown.text).not.to.contain(`action="${path}/comments"`);
    expect((await author.open(`${path}/edit`)).status).to.equal(409);
  });

  it("gives nobody else's proposal away", async () => {
    const { number } = await aProposal(site.as((await site.signedIn()).member));
    const other = await site.signedIn();
    expect((await other.open(`/proposals/${number}/edit`)).status).to.equal(403);
    expect((await other.open(`/proposals/${number}`)).text).not.to.contain("/edit");
    expect((await other.open("/proposals/99999/edit")).status).to.equal(404);
    for (const odd of ["0", "-1", "1e3", "abc", "01", "9".repeat(30)]) {
      expect((await other.open(`/proposals/${odd}`)).status, odd).to.equal(404);
    }
  });

  it("lists, filters, searches and feeds what was published", async () => {
    await receiveProposal(site.ctx, aReceivedProposal());
    const reader = site.browser("en");

    const found = await reader.open("/proposals?q=tilleul&sort=moving&from=here&topic=nature");
    expect(found.text).to.contain(title);
    expect(found.text).to.contain("for “tilleul”");
    const nothing = await reader.open("/proposals?q=zzzzzz");
    expect(nothing.text).to.contain("Nothing matches");
    const elsewhere = await reader.open("/proposals?from=elsewhere");
    expect(elsewhere.text).to.contain("Association Vélo");
    for (const odd of ["status=none", "sort=x", "topic=unknown", "from=mars", "q=%00%ff"]) {
      expect((await reader.open(`/proposals?${odd}`)).status, odd).to.equal(200);
    }
    expect((await reader.open("/proposals?after=!!")).status).to.equal(404);
    const feed = await reader.open("/proposals.atom");
    expect(feed.type).to.match(/^application\/atom\+xml/);
    expect(feed.text).to.contain(`<title>${title}</title>`);
  });
});
