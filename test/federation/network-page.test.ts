import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import {
  blocksCollection,
  followingCollection,
  inboxCollection,
  peersCollection,
  waitingCollection,
  type InboxEntry,
  type Peer as PeerRow,
} from "../../src/federation/records.js";
import { networkModel, type NetworkPage } from "../../src/federation/network/network.pages.js";
import { kindOf, troubleOf } from "../../src/federation/network/words.js";
import { head } from "../../src/kit/index.js";
import { checkTranslations, loadTranslations } from "../../src/kit/i18n/index.js";
import { viewsDir } from "../support/gallery.js";
import { sampleSite } from "../support/gallery-models.js";
import { aSite, type Site } from "../support/site.js";
import { walkTemplate } from "../support/walk-template.js";
import { aPeer, closePeers } from "./support/peer.js";
import type { Town } from "./support/town.js";

const page = "/admin/network";

describe("the page of linked sites and the network", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());
  afterEach(closePeers);

  const admin = () => site.signedIn("Ada", "admin");
  const hostOf = (origin: string): string => new URL(origin).host;
  const textOf = (html: string): string => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

  async function aRow(host: string, change: Partial<PeerRow> = {}): Promise<void> {
    await site.ctx.collection(peersCollection).insertOne({
      ...{ _id: site.ctx.ids.next(), host, speaks: null, failures: 0, openUntil: null },
      ...{ lastDeliveredAt: null, lastFailedAt: null, lastError: null, lastReceivedAt: null },
      ...change,
    });
  }

  const peerRow = (host: string) => site.ctx.collection(peersCollection).findOne({ host });

  async function untilSettled(...sites: readonly Site[]): Promise<void> {
    for (let round = 0; round < 6; round += 1) for (const one of sites) await one.later(1_000);
  }

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
        expect(await peerRow("velo.example")).to.equal(null);
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
      expect(await peerRow("velo.example")).to.equal(null);
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
      const asked = await ada.submit(`${page}/links`, { address: ` ${other.origin} ` });
      expect(asked.status).to.equal(303);
      expect(textOf((await ada.follow(asked)).text)).to.contain(`La demande part vers ${host}`);
      expect(textOf((await ada.open(page)).text)).to.contain("Demande envoyée");

      await untilSettled(site, other);
      expect(textOf((await ada.open(page)).text)).to.contain("Vous recevez ce qu’il publie.");
      expect((await peerRow(host))?.lastReceivedAt).to.be.instanceOf(Date);
      const theirs = await other.signedIn("Zoé", "admin");
      expect(textOf((await theirs.open(page)).text)).to.contain("Vous reçoit");
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

  describe("tells how each server does", () => {
    it("in plain words, those in trouble first", async () => {
      const now = site.clock.now();
      await aRow("calm.example", { lastDeliveredAt: now, lastReceivedAt: now });
      await aRow("ill.example", {
        ...{ failures: 7, lastError: "status 503", lastFailedAt: now },
        openUntil: new Date(now.getTime() + 600_000),
      });
      const { text } = await (await admin()).open(page);
      const words = textOf(text);

      expect(words.indexOf("ill.example")).to.be.lessThan(words.indexOf("calm.example"));
      expect(words).to.contain("Ce site est en panne. 7 essais manqués de suite.");
      expect(words).to.contain("En pause").and.to.contain("Tout va bien");
      expect(words).not.to.match(/503|undefined|null/);
      expect(text.match(/<h1/g)).to.have.length(1);
    });

    it("in English, too", async () => {
      const ada = await admin();
      await ada.open(`${page}?lang=en`);

      expect(textOf((await ada.open(page)).text)).to.contain("How exchanges go");
    });

    it("a page at a time, and found by the beginning of the host", async () => {
      for (let n = 10; n < 70; n += 1) await aRow(`many${n}.example`, { failures: n % 3 });
      const ada = await admin();
      const seen: string[] = [];
      let next: string | null = `${page}?host=MANY`;
      while (next !== null) {
        const { text } = await ada.open(next);
        seen.push(
          ...[...text.matchAll(/<h3[^>]*>(many\d+)\.example/g)].map(([, name]) => name ?? ""),
        );
        next = nextOf(text);
      }
      const all: string[] = [];
      next = page;
      while (next !== null) {
        const { text } = await ada.open(next);
        all.push(
          ...[...text.matchAll(/<h3[^>]*handle"[^>]*>([^<]+)</g)].map(([, name]) => name ?? ""),
        );
        next = nextOf(text);
      }

      expect(seen).to.have.length(60);
      expect(seen).to.deep.equal([...new Set(seen)].sort());
      expect(new Set(all).size).to.equal(all.length);
      expect(all).to.have.length(await site.ctx.collection(peersCollection).countDocuments({}));
      for (const after of ["x", "W251bGwsbnVsbF0"]) {
        expect((await ada.open(`${page}?after=${after}`)).status).to.equal(404);
      }
      expect((await ada.open(`${page}?host=https://many12.example/x`)).text).to.contain("many12.");
    });

    it("and blocks and unblocks one, known or not", async () => {
      const ada = await admin();
      const host = "flood.example";
      expect(textOf((await ada.open(`${page}?host=${host}`)).text)).to.contain("bloquer d’avance");
      const blocked = await ada.submit(`${page}/servers`, { act: "block" });
      expect(blocked.location).to.equal(`${page}?host=${host}`);
      expect(textOf((await ada.follow(blocked)).text)).to.contain("Bloqué");
      await ada.post(`${page}/servers`, { host, act: "block" });
      const blocks = site.ctx.collection(blocksCollection);
      expect(await blocks.countDocuments({ who: host })).to.equal(1);

      await ada.post(`${page}/servers`, { host, act: "unblock" });

      expect(await blocks.countDocuments({ who: host })).to.equal(0);
      for (const wrong of ["", "a b", "x/y", "u@flood.example", hostOf(site.origin)]) {
        const answer = await ada.post(`${page}/servers`, { host: wrong, act: "block" });
        expect(answer.status, wrong).to.equal(404);
      }
      expect((await ada.post(`${page}/servers`, { host, act: "sing" })).status).to.equal(404);
    });
  });

  describe("tries again what waits", () => {
    it("when the admin says so: at once, once, and whatever rests", async () => {
      const other = await aSite();
      const peer = await aPeer();
      const ada = await admin();
      const alice = await peer.actor("alice");
      const host = hostOf(peer.origin);
      const follow = peer.activity(alice, "Follow", `${site.origin}/actor`);
      peer.answers.push(...Array.from({ length: 12 }, () => 503));
      expect((await peer.post(asTown(site), alice, follow)).status).to.equal(202);
      await untilSettled(site);
      const waiting = site.ctx.collection(waitingCollection);
      expect(await waiting.countDocuments({ host, sent: false })).to.equal(1);
      const until = new Date(site.clock.now().getTime() + 3_600_000);
      await site.ctx
        .collection(peersCollection)
        .updateOne({ host }, { $set: { openUntil: until, failures: 9 } });
      const shown = textOf((await ada.open(`${page}?host=${host}`)).text);
      expect(shown).to.contain("1 envoi ").and.to.contain("Réessayer maintenant");
      peer.answers.length = 0;
      const before = peer.inboxed("Accept").length;

      const again = await ada.submit(`${page}/servers`, { act: "try" });
      await site.app.drivers.queue.idle();

      expect(textOf((await ada.follow(again)).text)).to.contain("Tout va bien");
      expect(peer.inboxed("Accept")).to.have.length(before + 1);
      expect(await peerRow(host)).to.deep.include({ failures: 0, openUntil: null });
      await site.later(24 * 3_600_000);
      await untilSettled(site);
      expect(peer.inboxed("Accept")).to.have.length(before + 1);
      expect(await waiting.countDocuments({ host, sent: true })).to.equal(0);
      await other.close();
    });

    it("and leaves it waiting when it fails again, until it gets through by itself", async () => {
      const peer = await aPeer();
      const ada = await admin();
      const alice = await peer.actor("alice");
      const host = hostOf(peer.origin);
      peer.answers.push(503, 503);
      await peer.post(asTown(site), alice, peer.activity(alice, "Follow", `${site.origin}/actor`));
      await untilSettled(site);
      const waiting = site.ctx.collection(waitingCollection);
      await ada.open(page);
      await ada.post(`${page}/servers`, { host, act: "try" });
      await site.app.drivers.queue.idle();
      expect(await waiting.countDocuments({ host, sent: false })).to.equal(1);

      await site.later(3_600_000);

      expect(await waiting.countDocuments({ host, sent: false })).to.equal(0);
      expect((await peerRow(host))?.failures).to.equal(0);
    });
  });

  it("notes when a server was last heard, at most once a minute", async () => {
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const host = hostOf(peer.origin);
    const heard = async (): Promise<number | undefined> => {
      const like = peer.activity(alice, "Like", `${site.origin}/proposals/1`);
      expect((await peer.post(asTown(site), alice, like)).status).to.equal(202);
      return (await peerRow(host))?.lastReceivedAt?.getTime();
    };
    const first = await heard();
    site.clock.advance(30_000);
    expect(await heard()).to.equal(first);
    site.clock.advance(31_000);

    expect(await heard()).to.equal((first ?? 0) + 61_000);
  });

  it("hears nothing from what is not verified", async () => {
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const like = peer.activity(alice, "Like", `${site.origin}/proposals/1`);

    const body = JSON.stringify({ ...like, object: `${site.origin}/proposals/2` });

    expect((await peer.post(asTown(site), alice, like, { body })).status).to.equal(401);
    expect(await peerRow(hostOf(peer.origin))).to.equal(null);
  });

  it("lists what was refused lately, fifty of it, in plain words", async () => {
    const rows = site.ctx.collection(inboxCollection);
    for (let n = 0; n < 60; n += 1) {
      const at = new Date(site.clock.now().getTime() - n * 60_000);
      await rows.insertOne(anEntry(`entry-${n}`, at));
    }
    const { text } = await (await admin()).open(page);
    const words = textOf(text);

    expect(words.split("Une publication de spam.example")).to.have.length(51);
    expect(words).to.contain("Ce dont parle le message est introuvable.");
    expect(words).not.to.contain("secret words");
  });

  it("has words for every trouble and every kind of message", () => {
    const stored = ["status 429", "status 500", "timeout", "unreachable", "private-address"];
    const more = ["bad-body", "not-found", "not-allowed", "constructor", ""];
    expect([...stored, ...more].map(troubleOf)).to.deep.equal([
      ...["busy", "down", "slow", "unreachable", "address"],
      ...["unreadable", "missing", "unwanted", "other", "other"],
    ]);
    expect(["Create", "Flag", "toString"].map(kindOf)).to.deep.equal([
      ...["publication", "other", "other"],
    ]);
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
          canTry: true,
        },
      ],
      ...{ unknownHost: "flood.example", next: "/x", start: "/y" },
      refused: [{ host: "velo.example", what: "Un soutien", why: "Illisible", at: now }],
    };

    it("names nothing that it is not given", () => {
      const options = { viewsDir, translations, site: sampleSite() };
      const free = model.peers.map((peer) => ({ ...peer, isBlocked: false }));
      const empty = { ...model, links: [], peers: [], refused: [] };
      const models = [model, { ...model, peers: free }, empty, { ...empty, query: "" }];

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

/** What signing a request for a site needs of it. */
function asTown(site: Site): Town {
  return site as unknown as Town;
}

function nextOf(html: string): string | null {
  const found = /rel="next" href="([^"]*)/.exec(html)?.[1];
  const path = found?.replaceAll("&amp;", "&").replaceAll("&#x3D;", "=");
  return path?.split("#")[0] ?? null;
}

async function answering(status: number) {
  const server = createServer((_req, res) => void res.writeHead(status).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, close: () => new Promise((resolve) => server.close(resolve)) };
}

function anEntry(_id: string, receivedAt: Date): InboxEntry {
  return {
    ...{ _id, actorUri: "https://spam.example/users/s", type: "Create", objectUri: null },
    activityUri: `https://spam.example/${_id}`,
    ...{ body: "secret words", trust: "signed", about: null },
    ...{ state: "refused", outcome: "not-found", receivedAt },
    expiresAt: new Date(receivedAt.getTime() + 86_400_000),
  };
}
