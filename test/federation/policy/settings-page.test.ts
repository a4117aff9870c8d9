import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { publicModel } from "../../../src/federation/network/public.pages.js";
import {
  closeModel,
  settingsModel,
  settingsPath as path,
} from "../../../src/federation/network/settings.pages.js";
import { readSettings } from "../../../src/federation/policy/policy.js";
import { blocksCollection } from "../../../src/federation/policy/records.js";
import { block, listAllowed } from "../../../src/federation/policy/rules.js";
import { loadTranslations } from "../../../src/kit/i18n/index.js";
import { viewsDir } from "../../support/gallery.js";
import { sampleSite } from "../../support/gallery-models.js";
import { aSite, type Site } from "../../support/site.js";
import { aPeer } from "../support/peer.js";
import { walkTemplate } from "../../support/walk-template.js";
import { nextOf, textOf } from "../support/network.js";

describe("the page of network settings", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  const admin = () => site.signedIn("Ada", "admin");
  const mode = async () => (await readSettings(site.ctx))?.mode ?? "open";

  it("is for admins alone", async () => {
    const moderator = await site.signedIn("Bea", "moderator");
    expect((await site.browser().open(path)).status).to.equal(303);
    for (const asked of [path, `${path}/blocks.csv`]) {
      expect((await moderator.open(asked)).status, asked).to.equal(403);
    }
    await moderator.open("/profile");
    for (const to of ["", "/allowed", "/blocks", "/import"]) {
      const answer = await moderator.post(path + to, { mode: "closed", confirmed: "yes" });
      expect(answer.status, to).to.equal(403);
    }
    expect(await mode()).to.equal("open");
  });

  it("changes the mode, and asks once more before it closes", async () => {
    const ada = await admin();
    await ada.open(path);
    expect((await ada.submit(path, { mode: "allow-list", signedReads: "on" })).status).to.equal(
      303,
    );
    expect(await readSettings(site.ctx)).to.include({ mode: "allow-list", signedReads: true });
    expect(textOf((await ada.open(path)).text)).to.contain("La liste est en vigueur.");

    const asked = await ada.submit(path, { mode: "closed" });
    expect(textOf(asked.text)).to.contain("Fermer le site au réseau ?");
    expect(await mode()).to.equal("allow-list");
    expect((await ada.submit(path)).status).to.equal(303);
    expect(await mode()).to.equal("closed");
    await ada.open(path);
    expect((await ada.submit(path, { mode: "ajar" })).status).to.equal(422);
    await ada.submit(path, { mode: "open" });
    expect(await mode()).to.equal("open");
  });

  it("opens no site again that somebody else has closed meanwhile, and shows how it stands", async () => {
    const [ada, eve] = [await admin(), await site.signedIn("Eve", "admin")];
    for (const one of [ada, eve]) await one.open(path);
    const closing = { mode: "closed", confirmed: "yes", signedReads: "" };

    const first = await ada.submit(path, closing);
    const late = await eve.submit(path, { signedReads: "on" });
    const twice = await ada.submit(path, closing);

    expect([first.status, late.status, twice.status]).to.deep.equal([303, 409, 303]);
    expect(await readSettings(site.ctx)).to.include({ mode: "closed", signedReads: false });
    expect(textOf(late.text)).to.contain("Quelqu’un d’autre vient de changer ce réglage");
    expect(eve.fields(path)).to.include({ mode: "closed", fromMode: "closed" });
    expect((await eve.submit(path, { mode: "open", signedReads: "" })).status).to.equal(303);
    expect(await mode()).to.equal("open");
  });

  it("says to one of two who change it at once that the other was faster", async () => {
    const [ada, eve] = [await admin(), await site.signedIn("Eve", "admin")];
    for (const one of [ada, eve]) await one.open(path);

    const answers = await Promise.all([
      ada.submit(path, { mode: "allow-list" }),
      eve.submit(path, { signedReads: "on" }),
    ]);

    expect(answers.map(({ status }) => status)).to.have.members([303, 409]);
    await ada.open(path);
    await ada.submit(path, { mode: "open", signedReads: "" });
  });

  it("puts sites on the list and takes them off, and refuses what is none beside the field", async () => {
    const ada = await admin();
    await ada.open(path);
    await ada.post(`${path}/allowed`, { host: "https://Velo.Example/proposals" });
    await ada.post(`${path}/allowed`, { host: "velo.example" });
    const hosts = async () => (await listAllowed(site.ctx, null)).items.map(({ host }) => host);
    expect(await hosts()).to.deep.equal(["velo.example"]);

    for (const host of ["", "a b", site.origin, "velo"]) {
      const answer = await ada.post(`${path}/allowed`, { host });
      expect(answer.status, host).to.equal(422);
    }
    await ada.post(`${path}/allowed`, { host: "velo.example", act: "remove" });
    expect(await hosts()).to.deep.equal([]);
  });

  it("blocks with reasons, for everybody and for admins, and lifts the block", async () => {
    const ada = await admin();
    await ada.open(path);
    const wish = { who: "Flood.Example", severity: "limited", publicReason: "<b>Flots</b>" };
    expect((await ada.post(`${path}/blocks`, { ...wish, privateReason: "Vu" })).status).to.equal(
      303,
    );
    const words = textOf((await ada.open(path)).text);
    expect(words).to.contain("flood.example").and.to.contain("Raison publique : &lt;b&gt;Flots");
    expect(words).to.contain("Raison interne : Vu").and.to.contain("Limité");
    const open = textOf((await site.browser().open("/network")).text);
    expect(open).to.contain("flood.example").and.to.contain("&lt;b&gt;Flots");
    expect(open).not.to.contain("Vu");

    await ada.post(`${path}/blocks`, { who: "flood.example", act: "lift" });
    expect(await site.ctx.collection(blocksCollection).countDocuments({})).to.equal(0);
    expect((await ada.post(`${path}/blocks`, { ...wish, who: "no" })).status).to.equal(422);
  });

  it("blocks the one person whose page or name is pasted, by the id that their server tells", async () => {
    const peer = await aPeer();
    const troll = await peer.actor("troll");
    peer.documents.set("/@troll", troll.document);
    const self = { rel: "self", type: "application/activity+json", href: troll.uri };
    const finger = createServer((_req, res) => {
      res.writeHead(200, { "content-type": "application/jrd+json" });
      res.end(JSON.stringify({ links: [self] }));
    });
    await new Promise<void>((resolve) => finger.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(finger.address() as AddressInfo).port}`;
    peer.documents.set("/note", { id: `${peer.origin}/note`, type: "Note" });
    const ada = await admin();
    await ada.open(path);
    const wish = { severity: "blocked", publicReason: "", privateReason: "" };
    const blocked = async () =>
      (await site.ctx.collection(blocksCollection).find({}).toArray()).map(({ who }) => who);

    for (const who of [`${peer.origin}/@troll`, `@troll@${host}`, troll.uri]) {
      const answer = await ada.post(`${path}/blocks`, { who, ...wish });
      expect(answer.status, who).to.equal(303);
      expect(await blocked(), who).to.deep.equal([troll.uri]);
      await ada.post(`${path}/blocks`, { who: troll.uri, act: "lift" });
    }
    for (const who of [`${peer.origin}/note`, `@nobody@${new URL(site.origin).host}`]) {
      const answer = await ada.post(`${path}/blocks`, { who, ...wish });
      expect(answer.status, who).to.equal(422);
    }
    await peer.close();
    finger.closeAllConnections();
    finger.close();
    const unheard = `${peer.origin}/users/silent`;
    await ada.post(`${path}/blocks`, { who: unheard, ...wish });
    expect(await blocked()).to.deep.equal([unheard]);
    await ada.post(`${path}/blocks`, { who: unheard, act: "lift" });
  });

  it("takes a list and says which lines it could not read; gives one back", async () => {
    const ada = await admin();
    await ada.open(path);
    const take = (text: string) =>
      ada.upload(`${path}/import`, {}, text === "" ? {} : { list: Buffer.from(text) });
    const rows = "#domain,#severity\none.example,suspend\nt*o.example,suspend\n";
    const answer = textOf((await take(rows)).text);
    expect(answer).to.contain("1 site importé.").and.to.contain("ligne 3 : ce n’est pas");
    for (const [bad, word] of [
      ["", "Choisissez le fichier"],
      ["bonjour", "Il n’y a pas de liste"],
    ] as const) {
      const refused = await take(bad);
      expect([refused.status, textOf(refused.text).includes(word)]).to.deep.equal([422, true]);
    }
    expect((await ada.open(`${path}/blocks.csv`)).text).to.contain("one.example,suspend");
  });

  it("takes a list as long as it says, and refuses a longer one by its words", async function () {
    this.timeout(120_000);
    const ada = await admin();
    await ada.open(path);
    const reason = "Courriers non sollicités, par milliers, depuis des mois";
    const list = (lines: number): Buffer =>
      Buffer.from(
        `#domain,#severity,#public_comment\n${Array.from(
          { length: lines },
          (_, at) => `un-site-au-long-nom-${at}.exemple.example,suspend,"${reason} (${at})"\n`,
        ).join("")}`,
      );

    const taken = await ada.upload(`${path}/import`, {}, { list: list(10_000) });
    expect(textOf(taken.text)).to.match(/10.000 sites importés/);
    for (const tooLong of [list(10_001), Buffer.alloc(2_000_001, "a")]) {
      const refused = await ada.upload(`${path}/import`, {}, { list: tooLong });
      expect(refused.status).to.equal(422);
      expect(textOf(refused.text)).to.contain("La liste est trop longue");
    }
    await site.ctx.collection(blocksCollection).deleteMany({ who: { $gt: "un-site" } });
  });

  it("shows long lists a page at a time", async () => {
    const { rules } = site.app.federation;
    for (let n = 10; n < 70; n += 1) {
      await block(rules, site.ctx, { who: `many${n}.example`, severity: "blocked" });
    }
    const ada = await admin();
    const seen = new Set<string>();
    for (let at: string | null = path; at !== null;) {
      const { text } = await ada.open(at);
      for (const [host] of text.matchAll(/many\d\d\.example/g)) seen.add(host);
      at = nextOf(text);
    }
    expect(seen.size).to.equal(60);
  });

  it("names nothing in its templates that it is not given, in both languages", async () => {
    const options = { viewsDir, translations: loadTranslations(viewsDir), site: sampleSite() };
    for (const language of ["fr", "en"] as const) {
      const ctx = site.ctx.inLanguage(language);
      const model = await settingsModel(ctx, { imported: { taken: 1, skipped: [] } });
      const full = {
        ...model,
        blocks: model.blocks.map((row) => ({ ...row, publicReason: "a", privateReason: "b" })),
        allowed: [{ host: "velo.example", since: site.clock.now() }],
        ...{ moreAllowed: "/a", moreBlocks: "/b", start: "/c" },
        imported: { text: "a", lines: ["b"] },
        errors: [{ field: "host", label: "a", text: "b" }],
      };
      const from = { mode: "open", signedReads: true } as const;
      const empty = { ...model, from, blocks: [], moreBlocks: null, imported: null };
      expect(walkTemplate("network/settings", [full, empty], options)).to.deep.equal([]);
      const shown = await publicModel(ctx, {});
      const listed = { ...shown, allowed: ["velo.example"], nextAllowed: "/x", next: "/y" };
      const reasoned = shown.blocks.map((row) => ({ ...row, reason: "a" }));
      const publics = [
        { ...listed, blocks: reasoned },
        { ...shown, blocks: [] },
      ];
      expect(walkTemplate("network/public", publics, options)).to.deep.equal([]);
      const closing = [true, false].map((signed) =>
        closeModel(ctx, signed, { mode: "open", signedReads: signed }),
      );
      expect(walkTemplate("network/close", closing, options)).to.deep.equal([]);
    }
  });
});
