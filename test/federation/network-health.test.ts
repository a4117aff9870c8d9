import { expect } from "chai";
import { kindOf, refusalOf, troubleOf } from "../../src/federation/network/words.js";
import {
  inboxCollection,
  peersCollection,
  waitingCollection,
  type Peer as PeerRow,
} from "../../src/federation/records.js";
import { blocksCollection } from "../../src/federation/policy/records.js";
import { aSite, type Site } from "../support/site.js";
import {
  anEntry,
  asTown,
  hostOf,
  nextOf,
  page,
  peerRow,
  textOf,
  untilSettled,
} from "./support/network.js";
import { aPeer, closePeers } from "./support/peer.js";

describe("how exchanges with other servers go", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());
  afterEach(closePeers);

  const admin = () => site.signedIn("Ada", "admin");

  async function aRow(host: string, change: Partial<PeerRow> = {}): Promise<void> {
    await site.ctx.collection(peersCollection).insertOne({
      ...{
        _id: site.ctx.ids.next(),
        host,
        speaks: null,
        failures: 0,
        refusals: 0,
        openUntil: null,
      },
      ...{ lastDeliveredAt: null, lastFailedAt: null, lastError: null, lastReceivedAt: null },
      forgetAt: new Date("2100-01-01T00:00:00Z"),
      ...change,
    });
  }

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

    it("and which took nothing for days, since when, and when it is tried next", async () => {
      const now = site.clock.now();
      const since = new Date(now.getTime() - 8 * 86_400_000);
      await aRow("lost.example", {
        ...{ failures: 40, lastError: "unreachable", lastFailedAt: now, unavailableSince: now },
        ...{ failingDays: 7, failingDay: now.toISOString().slice(0, 10), failingSince: since },
        sweepAt: new Date(now.getTime() + 86_400_000),
      });
      await aRow("tired.example", { failures: 1, failingDays: 3, failingSince: since });
      const ada = await admin();
      const words = textOf((await ada.open(`${page}?host=lost.example`)).text);

      expect(words).to.contain("Indisponible").and.to.contain("qu’une fois par jour");
      expect(words).to.contain("Indisponible depuis le").and.not.to.contain("&lt;");
      expect(words).to.match(/7 jours \(depuis le .* Prochain essai demain/);
      const tired = textOf((await ada.open(`${page}?host=tired.example`)).text);
      expect(tired).to.contain("3 jours").and.not.to.contain("Indisponible");

      await ada.open(`${page}?host=lost.example`);
      const again = await ada.submit(`${page}/servers`, { act: "try" });
      await site.app.drivers.queue.idle();

      expect(textOf((await ada.follow(again)).text)).not.to.contain("Indisponible");
      expect(await peerRow(site, "lost.example")).to.deep.include({
        ...{ unavailableSince: null, failingDays: 0, owed: null, openUntil: null },
      });
    });

    it("and which refuses what we send: how often, why, until it takes something", async () => {
      const peer = await aPeer();
      const alice = await peer.actor("alice");
      const host = hostOf(peer.origin);
      await aRow("fine.example", { lastDeliveredAt: site.clock.now() });
      const follow = async () => {
        const follows = peer.activity(alice, "Follow", `${site.origin}/actor`);
        expect((await peer.post(asTown(site), alice, follows)).status).to.equal(202);
        await untilSettled(site);
      };
      const ada = await admin();
      peer.answers.push(403, 403);
      await follow();
      await follow();

      const all = textOf((await ada.open(page)).text);
      expect(all.indexOf(host)).to.be.lessThan(all.indexOf("fine.example"));
      const french = textOf((await ada.open(`${page}?host=${host}`)).text);
      expect(french).to.contain("Refuse nos envois").and.not.to.contain("Tout va bien");
      expect(french).to.contain("Ce site ne veut pas de nos envois. 2 envois refusés de suite.");
      await ada.open(`${page}?lang=en`);
      const english = textOf((await ada.open(`${page}?host=${host}`)).text);
      await ada.open(`${page}?lang=fr`);
      expect(english).to.contain("Refuses what we send");
      expect(english).to.contain("2 messages refused in a row.");

      await follow();
      expect(textOf((await ada.open(`${page}?host=${host}`)).text)).to.contain("Tout va bien");
      expect(await peerRow(site, host)).to.deep.include({ refusals: 0, failures: 0 });
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
      expect(await peerRow(site, host)).to.deep.include({ failures: 0, openUntil: null });
      await site.later(24 * 3_600_000);
      await untilSettled(site);
      expect(peer.inboxed("Accept")).to.have.length(before + 1);
      expect(await waiting.countDocuments({ host, sent: true })).to.equal(0);
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
      expect((await peerRow(site, host))?.failures).to.equal(0);
    });
  });

  it("notes when a server was last heard, at most once a minute", async () => {
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const host = hostOf(peer.origin);
    const heard = async (): Promise<number | undefined> => {
      const like = peer.activity(alice, "Like", `${site.origin}/proposals/1`);
      expect((await peer.post(asTown(site), alice, like)).status).to.equal(202);
      return (await peerRow(site, host))?.lastReceivedAt?.getTime();
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
    expect(await peerRow(site, hostOf(peer.origin))).to.equal(null);
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

  it("has words for every status with which a server refuses", () => {
    expect([400, 403, 404, 410, 413, 422].map(refusalOf)).to.deep.equal([
      ...["unreadable", "unwanted", "missing", "missing", "tooLarge", "unreadable"],
    ]);
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
});
