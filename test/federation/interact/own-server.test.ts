import { expect } from "chai";
import { publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { block } from "../../../src/federation/policy/rules.js";
import { aDraft } from "../../support/builders.js";
import type { Answer, Browser } from "../../support/browser.js";
import { aSite, type Site } from "../../support/site.js";
import { textOf } from "../support/network.js";
import { anOwnServer, mastodonLinks, type OwnServer } from "../support/own-server.js";

describe("people of other servers", function () {
  this.timeout(30_000);
  let site: Site;
  let server: OwnServer;
  let proposal = "";
  let said = "";
  let shy = "";

  before(async () => {
    site = await aSite();
    const [author, quiet] = [await site.signedIn("Alix"), await site.signedIn("Noa")];
    const as = site.as(author.member);
    const published = await publishProposal(as, aDraft());
    proposal = `/proposals/${published.number}`;
    const words = { proposalId: published._id, parentId: null, body: "Oui." };
    shy = `/comments/${(await publishComment(site.as(quiet.member), words))._id}`;
    await consentToNetwork(as);
    said = `/comments/${(await publishComment(as, words))._id}`;
    await site.later(0);
  });
  after(() => site.close());
  beforeEach(async () => {
    server = await anOwnServer();
    site.clock.advance(3_600_000);
  });
  afterEach(() => server.close());

  const asks = (on: string, to: string): string =>
    `/interact?${new URLSearchParams({ on, to }).toString()}`;

  async function name(
    typed: string,
    { on = proposal, to = "comment", remember = false, browser = site.browser() } = {},
  ): Promise<Answer & { browser: Browser }> {
    await browser.open(`${asks(on, to)}&other=1`);
    const answer = await browser.submit("/interact", {
      server: typed,
      ...(remember ? { remember: "on" } : {}),
    });
    return { ...answer, browser };
  }

  /** Where the last page before another site leads; null when there is no such page. */
  const wayIn = ({ text }: Answer): URL | null => {
    const found = /button-large" href="([^"]+)" rel="noreferrer"/.exec(text)?.[1];
    const href = found?.replaceAll("&amp;", "&").replaceAll("&#x3D;", "=");
    return href === undefined ? null : new URL(href);
  };
  const errorIn = ({ text }: Answer): string =>
    textOf(/id="f-server-error"[^>]*>([\s\S]*?)<\/p>/.exec(text)?.[1] ?? "").trim();

  describe("find the way", () => {
    it("from a proposal, a topic, a comment, an answer, a person and the city", async () => {
      const { text } = await site.browser().open(proposal);
      const links = [...text.matchAll(/href="(\/interact\?[^"]+)"/g)].map(([, link]) =>
        (link ?? "").replaceAll("&amp;", "&").replaceAll("&#x3D;", "="),
      );
      for (const act of ["support", "comment", "follow"]) {
        expect(links, act).to.include(asks(proposal, act));
      }
      expect(links).to.include(asks(said, "comment"));
      expect(links, "not on the network").to.not.include(asks(shy, "comment"));
      expect((await site.browser().open(asks(shy, "comment"))).status).to.equal(404);
      expect((await site.browser().open("/")).text).to.contain("/interact?on");
      expect((await site.browser().open("/about")).text).to.contain("/interact?on");
    });

    it("by the subscribe template of Mastodon, with the address percent-encoded", async () => {
      server.say({ links: mastodonLinks(server.origin) });

      const answer = await name(`@zoe@${server.host}`);

      expect(answer.status).to.equal(200);
      expect(textOf(answer.text)).to.contain(`Continuer sur ${server.host}`);
      const note = encodeURIComponent(site.origin + proposal);
      expect(wayIn(answer)?.href).to.equal(`${server.origin}/authorize_interaction?uri=${note}`);
      expect(server.asked[0]).to.contain(encodeURIComponent(`acct:zoe@${server.host}`));
    });

    it("by the intent for what they want where the server offers it (FEP-3b86)", async () => {
      const at = (path: string): string => `${server.origin}/${path}`;
      server.say({
        links: [
          ...mastodonLinks(server.origin),
          { rel: "https://w3id.org/fep/3b86/Like", href: at("like?o={object}&s={on-success}") },
          { rel: "https://w3id.org/fep/3b86/Create", href: at("new?re={inReplyTo}&x={mystery}") },
          { rel: "https://w3id.org/fep/3b86/Follow", template: at("follow?o={object}") },
        ],
      });
      const uri = encodeURIComponent(site.origin + proposal);

      expect(wayIn(await name(server.host, { to: "support" }))?.href).to.equal(
        at(`like?o=${uri}&s=${uri}`),
      );
      expect(wayIn(await name(server.host))?.href).to.equal(at(`new?re=${uri}&x=`));
      expect(wayIn(await name(server.host, { to: "follow" }))?.href).to.equal(
        at(`follow?o=${uri}${encodeURIComponent("/actor")}`),
      );
    });

    it("by the older template where the intent to write cannot say what is answered", async () => {
      server.say({
        links: [
          { rel: "https://w3id.org/fep/3b86/Create", href: `${server.origin}/share?t={content}` },
          ...mastodonLinks(server.origin),
        ],
      });

      expect(wayIn(await name(server.host))?.pathname).to.equal("/authorize_interaction");
    });

    it("at the server that an account really lives on, when its name is of another", async () => {
      const home = await anOwnServer();
      home.say({ subject: `acct:zoe@${home.host}`, links: mastodonLinks(home.origin) });
      server.say({
        subject: `acct:zoe@${home.host}`,
        links: mastodonLinks("https://evil.example"),
      });

      expect(wayIn(await name(`zoe@${server.host}`))?.host).to.equal(home.host);
      await home.close();
    });

    it("in one click next time, when they ticked it, until they have it forgotten", async () => {
      server.say({ links: mastodonLinks(server.origin) });
      const { browser } = await name(`zoe@${server.host}`, { remember: true });

      const again = await browser.open(asks("/", "follow"));
      expect(again.status).to.equal(303);
      expect(again.location).to.contain(`${server.origin}/authorize_interaction?uri=`);

      expect((await browser.open(`${asks("/", "follow")}&other=1`)).text).to.contain("zoe@");
      expect((await browser.submit("/interact/forget")).location).to.equal("/");
      expect((await browser.open(asks("/", "follow"))).status).to.equal(200);
      expect((await name(server.host)).browser).to.be.an("object");
    });

    it("and are asked again when the server they are remembered by does not answer", async () => {
      server.say({ links: mastodonLinks(server.origin) });
      const { browser } = await name(server.host, { remember: true });
      server.say((_req, res) => void res.writeHead(503).end());

      const answer = await browser.open(asks(proposal, "support"));

      expect(answer.status).to.equal(422);
      expect(errorIn(answer)).to.contain("ne répond pas");
    });
  });

  describe("are told in plain words", () => {
    it("what is wrong with what they typed, and keep it", async () => {
      for (const typed of ["un deux", "zoe", "@", "zoe@", "a@b@c.example", "ftp://x.example/"]) {
        const answer = await name(typed);
        expect(answer.status, typed).to.equal(422);
        expect(errorIn(answer), typed).to.contain("n’est pas complète");
        expect(answer.browser.fields("/interact")["server"]).to.equal(typed);
      }
      expect(errorIn(await name(new URL(site.origin).host))).to.contain("C’est ce site-ci");
    });

    it("when nobody is known there, the server is down, refuses, or offers no way", async () => {
      expect(errorIn(await name(`nobody@${server.host}`))).to.contain("ne connaît pas ce compte");
      expect(errorIn(await name("zoe@127.0.0.1:9"))).to.contain("ne répond pas");
      server.say((_req, res) => void res.writeHead(403).end());
      expect(errorIn(await name(server.host))).to.contain("refuse de nous répondre");
      server.say({ links: [] });
      const answer = await name(server.host);
      expect(errorIn(answer)).to.contain("n’indique pas comment faire");
      expect(textOf(answer.text)).to.contain(site.origin + proposal);
    });

    it("when this site does not exchange with theirs, and nothing is asked there", async () => {
      const { rules } = site.app.federation;
      await block(rules, site.ctx, { who: server.host, severity: "blocked" });

      expect(errorIn(await name(server.host))).to.contain("n’échange pas");
      expect(server.asked).to.deep.equal([]);
    });
  });

  describe("are not led astray by a hostile answer", () => {
    const templates = [
      "javascript:alert('{uri}')",
      "data:text/html,{uri}",
      "https://evil.example/?uri={uri}",
      "//evil.example/?uri={uri}",
      "https://zoe@evil.example/{uri}",
      "{uri}",
      "/authorize_interaction?uri={uri}",
      `https://evil.example/${"x".repeat(3_000)}{uri}`,
    ];
    for (const template of templates) {
      it(`such as ${template.slice(0, 40)}`, async () => {
        server.say({ links: [{ rel: "http://ostatus.org/schema/1.0/subscribe", template }] });

        const answer = await name(server.host);

        expect(wayIn(answer)).to.equal(null);
        expect(errorIn(answer)).to.contain("n’indique pas comment faire");
      });
    }

    it("nor by one that borrows the server's name before another's", async () => {
      const template = `http://${server.host}.evil.example/?uri={uri}`;
      server.say({ links: [{ rel: "http://ostatus.org/schema/1.0/subscribe", template }] });

      expect(wayIn(await name(server.host))).to.equal(null);
    });

    it("nor by one that is endless, no JSON, or names a thousand links", async () => {
      server.say({ body: `{"links":[${'{"rel":"x"},'.repeat(200_000)}{}]}` });
      expect(wayIn(await name(server.host))).to.equal(null);
      server.say({ body: "<p>{}</p>", type: "text/html" });
      expect(wayIn(await name(server.host))).to.equal(null);
      const many = Array.from({ length: 1_000 }, () => ({ rel: "x" }));
      server.say({ links: [...many, ...mastodonLinks(server.origin)] });
      expect(wayIn(await name(server.host))).to.equal(null);
    });

    it("nor sent on and on", async () => {
      server.say((req, res) => {
        res.writeHead(302, { location: `${server.origin}${req.url ?? ""}x` }).end();
      });

      expect((await name(`zoe@${server.host}`)).status).to.equal(422);
      expect(server.asked.length).to.be.lessThan(6);
    });
  });

  it("cannot have a server asked by a page of another site, nor more often than is decent", async () => {
    const browser = site.browser();
    await browser.open(asks(proposal, "comment"));
    const fields = { on: proposal, to: "comment", server: server.host };
    const forged = await browser.post("/interact", { ...fields, _csrf: "x" });
    expect(forged.status).to.equal(403);
    await site.browser().open(`${asks(proposal, "comment")}&server=${server.host}`);
    expect(server.asked).to.deep.equal([]);

    const statuses: number[] = [];
    for (let i = 0; i < 22; i += 1) {
      await browser.open(asks(proposal, "comment"));
      statuses.push((await browser.post("/interact", fields)).status);
    }
    expect(statuses.at(-1)).to.equal(429);
  });
});
