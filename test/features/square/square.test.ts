import { expect } from "chai";
import { commentsCollection, publishComment } from "../../../src/features/comments/comments.js";
import { receiveComment } from "../../../src/features/comments/receiving.js";
import {
  consentToNetwork,
  erasePerson,
  leaveNetwork,
  personById,
  receivePerson,
  renamePerson,
} from "../../../src/features/people/people.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import { createTopic } from "../../../src/features/topics/topics.js";
import { aProposal, aReceivedProposal, ofLinked } from "../../support/builders.js";
import { linksOf } from "../../support/browser.js";
import { aSite, type Site } from "../../support/site.js";

const nasty = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{constructor}}`;

describe("the page of a proposal", function () {
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

  it("is read by anybody, and leads who wants to take part to sign in and back", async () => {
    const { path } = await published();
    const visitor = site.browser();

    const answer = await visitor.open(path);

    expect(answer.status).to.equal(200);
    expect(linksOf(answer.text)).to.include(`/sign-in?back=${encodeURIComponent(path)}`);
    expect(answer.text).to.contain("Dominique");
  });

  it("names its author to the network only while the author agrees to be there", async () => {
    const { author, path } = await published();
    const byline = async (): Promise<string | null> =>
      /fediverse:creator" content="([^"]*)"/.exec((await site.browser().open(path)).text)?.[1] ??
      null;
    expect(await byline()).to.equal(null);

    const { handle } = await consentToNetwork(site.as(author.member));
    expect(await byline()).to.equal(`@${handle}@${new URL(site.origin).host}`);

    await leaveNetwork(site.as(author.member));
    expect(await byline()).to.equal(null);
  });

  it("takes a support and gives it back, with buttons alone", async () => {
    const { path } = await published();
    const neighbour = await site.signedIn();
    await neighbour.open(path);

    const supported = await neighbour.follow(await neighbour.submit(`${path}/support`));
    expect(supported.text).to.contain("<strong data-support-count>1</strong>");
    expect(supported.text).to.contain("Vous soutenez cette proposition");
    const back = await neighbour.follow(await neighbour.submit(`${path}/support`));

    expect(back.text).to.contain("<strong data-support-count>0</strong>");
  });

  it("tells a script the new figure", async () => {
    const { path } = await published();
    const neighbour = await site.signedIn();
    await neighbour.open(path);
    const press = (end: string) => neighbour.post(`${path}/${end}`, {}, "application/json");

    expect(JSON.parse((await press("support")).text)).to.deep.equal({ supports: 1, mine: true });
    expect(JSON.parse((await press("unsupport")).text)).to.deep.equal({ supports: 0, mine: false });
  });

  it("opens a reply form under a comment, and shows the reply in its place", async () => {
    const { path } = await published();
    const reader = await site.signedIn("Alix");
    await reader.open(path);
    const first = await reader.submit(`${path}/comments`, { body: "Bonne idée" });
    const page = await reader.follow(first);
    const [, id = ""] = /reply=([0-9a-z]+)/.exec(linksOf(page.text).join(" ")) ?? [];
    await reader.open(`${path}?reply=${id}`);
    expect(reader.fields(`${path}/comments`)).to.have.property("parentId", id);

    const refused = await reader.submit(`${path}/comments`, { body: " " });
    expect(refused.status).to.equal(422);
    expect(reader.fields(`${path}/comments`)).to.have.property("parentId", id);
    const reply = await reader.submit(`${path}/comments`, { body: "Je **plussoie**" });

    const shown = await reader.follow(reply);
    expect(shown.text).to.match(/comment-replies[\s\S]*<strong>plussoie<\/strong>/);
    const [, replyId = ""] = /#comment-([0-9a-z]+)$/.exec(reply.location ?? "") ?? [];
    expect((await reader.open(`/comments/${replyId}`)).location).to.equal(reply.location);
  });

  it("lets its author change and remove a comment", async () => {
    const { path, proposal } = await published();
    const reader = await site.signedIn();
    const said = await publishComment(site.as(reader.member), {
      ...{ proposalId: proposal._id, parentId: null, body: "Première version" },
    });
    await reader.open(`${path}?edit=${said._id}`);
    const long = await reader.submit(`/comments/${said._id}/edit`, { body: "x".repeat(3001) });
    expect(long.status).to.equal(422);
    const edit = await reader.submit(`/comments/${said._id}/edit`, { body: "Seconde version" });
    const shown = await reader.follow(edit);
    expect(shown.text).to.contain("Seconde version");

    const gone = await reader.follow(await reader.submit(`/comments/${said._id}/delete`));

    expect(gone.text).not.to.contain("Seconde version");
    expect(gone.text).to.contain("Le commentaire est supprimé");
  });

  it("runs nothing that strangers wrote, anywhere", async () => {
    const author = await site.signedIn("Nom");
    const ctx = site.as(author.member);
    await renamePerson(ctx, { name: nasty, about: nasty });
    const topic = await createTopic(site.ctx, { name: nasty, slug: "xss", description: nasty });
    const place = { name: nasty, latitude: null, longitude: null };
    const { number, _id } = await aProposal(ctx, {
      ...{ title: nasty, body: `${nasty}\n\n[x](javascript:alert(1))`, topicId: topic._id, place },
    });
    await publishComment(ctx, { proposalId: _id, parentId: null, body: nasty });
    const remote = await receivePerson(site.ctx, {
      ...{ uri: "https://evil.example/u/1", name: nasty, handle: "x@evil.example", about: "" },
      ...{ url: "javascript:alert(1)", host: "evil.example" },
    });
    await receiveComment(site.ctx, {
      ...{ uri: "https://evil.example/n/1", proposalId: _id, parentId: null, text: nasty },
      ...{ personId: remote._id, html: nasty, publishedAt: new Date(0), from: ofLinked() },
    });
    const person = await personById(ctx, author.member._id);

    for (const path of [
      ...["/", "/proposals", `/proposals?q=${encodeURIComponent(nasty)}`, "/topics", "/topics/xss"],
      ...[`/proposals/${number}`, `/proposals/${number}/edit`, `/people/${person?.handle}`],
      ...[`/proposals/${number}/withdraw`, `/proposals/${number}/history`],
      "/proposals.atom",
      "/topics/xss/atom",
    ]) {
      const { text, status } = await author.open(path);
      expect(status, path).to.equal(200);
      expect(text, path).not.to.match(/<script>|<img src=x|href="javascript/);
    }
  });

  it("shows the town hall's answer beside it", async () => {
    const { proposal, path } = await published();
    const official = await site.signedIn("Mairie", "official");
    expect((await official.open(path)).text).to.contain(`${path}/answer`);
    await publishResponse(site.as(official.member), {
      ...{ proposalId: proposal._id, office: "Espaces verts", decision: "planned" },
      body: "C’est prévu.",
      milestones: [{ title: "Plantation", due: "2026-11-25" }],
    });

    const { text } = await site.browser().open(path);

    expect(text).to.contain("Espaces verts");
    expect(text).to.contain("Programmée");
    expect(text).to.contain("25 novembre 2026");
    expect((await site.browser().open("/")).text).to.contain("C’est prévu.");
  });

  it("of a linked instance asks for consent before one takes part", async () => {
    const { _id } = await receiveProposal(site.ctx, aReceivedProposal());
    const path = `/proposals/linked/${_id}`;
    const reader = await site.signedIn();
    const shown = await reader.open(path);
    expect(shown.text).to.contain("Association Vélo");
    const consent = `/profile/network?back=${encodeURIComponent(path)}`;

    const press = await reader.submit(`/proposals/linked-${_id}/support`);
    const say = await reader.post(`/proposals/linked-${_id}/comments`, { body: "Bravo" });

    expect(press.location).to.equal(consent);
    expect(say.location).to.equal(consent);
    expect(await site.ctx.collection(commentsCollection).findOne({ proposalId: _id })).to.equal(
      null,
    );
  });

  it("speaks English to who prefers it", async () => {
    const { path } = await published();
    const { text } = await site.browser("en").open(path);
    expect(text).to.contain("Sign in to comment");
    expect(text).to.contain('<html lang="en">');
  });

  it("shows a person's proposals and comments, until they are erased", async () => {
    const { author, proposal } = await published();
    const ctx = site.as(author.member);
    await publishComment(ctx, { proposalId: proposal._id, parentId: null, body: "À moi" });
    const person = await personById(ctx, author.member._id);
    const path = `/people/${person?.handle}`;
    const { text } = await site.browser().open(path);
    expect(text).to.contain(proposal.title).and.to.contain("À moi");

    await erasePerson(ctx, author.member._id);

    expect((await site.browser().open(path)).status).to.equal(410);
    const page = await site.browser().open(`/proposals/${proposal.number}`);
    expect(page.text).to.contain("Ancien membre").and.not.to.contain("Dominique");
  });
});

describe("the front page of a new instance", function () {
  this.timeout(20_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  it("says what will be here and offers the first step", async () => {
    const { text, status } = await site.browser().open("/");
    expect(status).to.equal(200);
    expect(text).to.contain("La place est à vous");
    expect((await site.browser().open("/topics")).text).to.contain("Pas encore de sujet");
    expect((await site.browser().open("/proposals")).text).to.contain("Tout commence ici");
  });
});
