import { expect } from "chai";
import { networkModel, type NetworkPage } from "../../src/federation/network/network.pages.js";
import { followingCollection } from "../../src/federation/records.js";
import { checkTranslations, loadTranslations } from "../../src/kit/i18n/index.js";
import { head } from "../../src/kit/index.js";
import { viewsDir } from "../support/gallery.js";
import { sampleSite } from "../support/gallery-models.js";
import { aSite, type Site } from "../support/site.js";
import { walkTemplate } from "../support/walk-template.js";
import { answering, hostOf, page, peerRow, textOf, untilSettled } from "./support/network.js";
import { aPeer, closePeers } from "./support/peer.js";

describe("the page of linked sites and the network", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());
  afterEach(closePeers);

  const admin = () => site.signedIn("Ada", "admin");

  describe("is for admins", () => {
    it("leads a visitor to sign in, and back", async () => {
      const answer = await site.browser().open(page);

      expect([answer.status, answer.location]).to.deep.equal([
        303,
        "/sign-in?back=%2Fadmin%2Fnetwork",
      ]);
    });

    const posts = [
      ["/links", { address: "velo.example" }],
      ["/links/some-link/end", {}],
      ["/servers", { host: "velo.example", act: "block" }],
    ] as const;

    for (const role of ["citizen", "moderator", "official"] as const) {
      it(`and refuses somebody who is ${role}, whatever they send`, async () => {
        const member = await site.signedIn("Bea", role);
        expect((await member.open(page)).status).to.equal(403);
        await member.open("/profile");

        for (const [path, fields] of posts) {
          expect((await member.post(page + path, fields)).status).to.equal(403);
        }
        expect(await peerRow(site, "velo.example")).to.equal(null);
      });
    }

    it("takes nothing from a visitor, nor from a page that is not ours", async () => {
      const visitor = site.browser();
      const ada = await admin();

      for (const [path, fields] of posts) {
        await visitor.open("/sign-in");
        expect((await visitor.post(page + path, fields)).status).to.equal(401);
        expect((await ada.post(page + path, { ...fields, _csrf: "wrong" })).status).to.equal(403);
      }
      expect(await peerRow(site, "velo.example")).to.equal(null);
    });

    it("of this very site: another site's rows are out of an admin's reach", async () => {
      const elsewhere = await site.app.instances.create({
        ...{ origin: "https://roche.example", name: "Roche", language: "fr", kind: "city" },
        setUpTokenHash: null,
      });
      const theirs = site.app.contexts({ instance: elsewhere, member: null, language: "fr" });
      const row = {
        ...{ _id: theirs.ids.next(), actorUri: "https://roche.example/actor" },
        ...{ targetUri: "https://velo.example/actor", host: "velo.example" },
        ...{ followUri: "https://roche.example/activities/1", at: site.clock.now() },
        state: "accepted" as const,
      };
      await theirs.collection(followingCollection).insertOne(row);
      const ada = await admin();

      expect((await ada.open(page)).text).not.to.contain("velo.example/actor");
      expect((await ada.post(`${page}/links/${row._id}/end`)).status).to.equal(404);
      expect(await theirs.collection(followingCollection).countDocuments({})).to.equal(1);
    });

    it("who find it in their menu and among the members", async () => {
      const ada = await admin();
      const { text } = await ada.open("/admin/members");

      expect(text.split(`href="${page}"`)).to.have.length(3);
    });
  });

  describe("links another site", () => {
    it("asks it, says when both exchange, and ends the link with what came left in place", async () => {
      const other = await aSite();
      const host = hostOf(other.origin);
      const ada = await admin();
      await ada.open(page);
      const asked = await ada.submit(`${page}/links`, {
        address: ` ${other.origin}/proposals?sort=new `,
      });
      expect(asked.status).to.equal(303);
      expect(textOf((await ada.follow(asked)).text)).to.contain(`La demande part vers ${host}`);
      expect(textOf((await ada.open(page)).text)).to.contain("Demande envoyée");

      await untilSettled(site, other);
      expect(textOf((await ada.open(page)).text)).to.contain("Vous recevez ce qu’il publie.");
      expect((await peerRow(site, host))?.lastReceivedAt).to.be.instanceOf(Date);
      const theirs = await other.signedIn("Zoé", "admin");
      expect(textOf((await theirs.open(page)).text)).to.contain("Lien demandé par ce site");
      expect((await theirs.submit(`${page}/links`)).status).to.equal(422);
      await theirs.post(`${page}/links`, { address: site.origin });
      await untilSettled(other, site);
      expect(textOf((await ada.open(page)).text)).to.contain("Chacun reçoit ce que l’autre");

      const row = await site.ctx
        .collection(followingCollection)
        .findOne({ host, state: "accepted" });
      const ended = await ada.submit(`${page}/links/${row?._id}/end`);
      await untilSettled(site, other);

      expect(ended.status).to.equal(303);
      expect(textOf((await ada.open(page)).text)).to.contain("Il reçoit ce que vous publiez.");
      expect(textOf((await theirs.open(page)).text)).to.contain("Il ne reçoit pas ce que vous");
      await other.close();
    });

    const wrong = async (address: string): Promise<string> => {
      const ada = await admin();
      await ada.open(page);
      const answer = await ada.submit(`${page}/links`, { address });
      expect(answer.status, address).to.equal(422);
      expect(ada.fields(`${page}/links`)["address"]).to.equal(address);
      const error = /id="f-address-error"[^>]*>([\s\S]*?)<\/p>/.exec(answer.text)?.[1] ?? "";
      return textOf(error).trim();
    };

    it("refuses beside the field what is no address, or its own, and keeps what was typed", async () => {
      for (const typed of ["https://", "un deux", "http://[", "@"]) {
        expect(await wrong(typed), typed).to.contain("n’est pas complète");
      }
      expect(await wrong(site.origin)).to.contain("votre propre site");
    });

    it("says when a site is out of reach, out of order, or refuses", async () => {
      expect(await wrong("http://127.0.0.1:9")).to.contain("ne répond pas");
      for (const [status, words] of [
        [503, "en panne"],
        [403, "refuse de nous répondre"],
      ] as const) {
        const server = await answering(status);
        expect(await wrong(server.origin)).to.contain(words);
        await server.close();
      }
    });

    it("takes no site of another kind for one like its own", async () => {
      const peer = await aPeer();
      const { uri } = await peer.actor("alice");

      expect(await wrong(peer.origin)).to.contain("pas un site Parvis");
      expect(await wrong(uri)).to.contain("pas un site Parvis");
      expect(await site.ctx.collection(followingCollection).findOne({ targetUri: uri })).to.equal(
        null,
      );
    });

    it("asks no site that is blocked", async () => {
      const peer = await aPeer();
      const ada = await admin();
      await ada.open(page);
      await ada.post(`${page}/servers`, { host: hostOf(peer.origin), act: "block" });

      expect(await wrong(peer.origin)).to.contain("Vous avez bloqué ce site");
      expect(peer.received).to.have.length(0);
    });
  });

  describe("as a template", () => {
    const translations = loadTranslations(viewsDir);
    const now = new Date("2026-03-01T10:00:00Z");
    const badge = { code: "accepted", label: "Accepté" } as const;
    const model: NetworkPage = {
      head: head("Réseau"),
      form: { values: { address: "x" }, errors: [{ field: "address", label: "A", text: "Non" }] },
      links: [
        {
          ...{ name: "Vélo", host: "velo.example", badge, since: now, notes: ["Oui"] },
          ...{ end: "/admin/network/links/1/end", ask: { address: "a", text: "Demander" } },
        },
      ],
      query: "velo",
      peers: [
        {
          ...{ id: "1", host: "velo.example", badge, delivered: now, received: now, rests: now },
          ...{ problem: { text: "Panne", at: now }, waiting: "2 envois", isBlocked: true },
          ...{ isListed: true, isLimited: false, within: null, unavailable: now },
          ...{ failing: { text: "7 jours", since: now }, refuses: { text: "Refus", at: now } },
          canTry: true,
        },
      ],
      ...{ unknownHost: "flood.example", next: "/x", start: "/y" },
      refused: [{ host: "velo.example", what: "Un soutien", why: "Illisible", at: now }],
    };

    it("names nothing that it is not given", () => {
      const options = { viewsDir, translations, site: sampleSite() };
      const free = model.peers.map((peer) => ({
        ...{ ...peer, isBlocked: false, isListed: false, within: "example" },
      }));
      const limited = model.peers.map((peer) => ({ ...peer, isBlocked: false, isLimited: true }));
      const empty = { ...model, links: [], peers: [], refused: [] };
      const models = [
        model,
        { ...model, peers: free },
        { ...model, peers: limited },
        empty,
        { ...empty, query: "" },
      ];

      expect(walkTemplate("network/show", models, options)).to.deep.equal([]);
    });

    it("says the same in both languages", () => {
      const faults = checkTranslations(translations).filter(({ key }) =>
        key.startsWith("network."),
      );
      expect(faults).to.deep.equal([]);
    });

    it("has a text for every state in both languages", async () => {
      for (const language of ["fr", "en"] as const) {
        const { title } = (await networkModel(site.ctx.inLanguage(language), {})).head;
        expect(title).to.equal(
          language === "fr" ? "Sites liés et réseau" : "Linked sites and network",
        );
      }
    });
  });
});
