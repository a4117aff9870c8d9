import { expect } from "chai";
import {
  selfTestsCollection,
  stepNames,
  type SelfTest,
} from "../../../src/federation/self-test/self-test.js";
import { testModel, testsModel } from "../../../src/federation/self-test/self-test.pages.js";
import { checkTranslations, loadTranslations } from "../../../src/kit/i18n/index.js";
import { viewsDir } from "../../support/gallery.js";
import { sampleSite } from "../../support/gallery-models.js";
import { aSite, type Site } from "../../support/site.js";
import { walkTemplate } from "../../support/walk-template.js";
import { hostOf, textOf, untilSettled } from "../support/network.js";

const page = "/admin/network/tests";

describe("the pages of connection tests", function () {
  this.timeout(40_000);
  let site: Site;
  let other: Site;
  before(async () => {
    [site, other] = [await aSite(), await aSite()];
    for (const { clock } of [site, other]) clock.advance(Date.now() - clock.now().getTime());
  });
  after(async () => {
    await site.close();
    await other.close();
  });

  it("are for admins alone", async () => {
    expect((await site.browser().open(page)).location).to.contain("/sign-in?back=");
    for (const role of ["citizen", "moderator", "official"] as const) {
      const member = await site.signedIn("Bea", role);
      expect((await member.open(page)).status).to.equal(403);
      await member.open("/profile");
      expect((await member.post(page, { host: "velo.example" })).status).to.equal(403);
    }
    expect(await site.ctx.collection(selfTestsCollection).countDocuments({})).to.equal(0);
  });

  it("refuse beside the field what is no server, our own, or an account of another", async () => {
    const ada = await site.signedIn("Ada", "admin");
    for (const [host, account, words] of [
      ["un deux", "", "n’est pas complète"],
      [hostOf(site.origin), "", "votre propre site"],
      ["velo.example", "zoe@other.example", "n’est pas de ce serveur"],
    ] as const) {
      await ada.open(page);
      const answer = await ada.submit(page, { host, account });
      expect(answer.status, host).to.equal(422);
      expect(textOf(answer.text)).to.contain(words);
      expect(ada.fields(page)["host"]).to.equal(host);
    }
  });

  it("show a whole test with another site, without scripts, and list it", async () => {
    const ada = await site.signedIn("Ada", "admin");
    await ada.open(`${page}?host=${hostOf(other.origin)}`);
    expect(ada.fields(page)["host"]).to.equal(hostOf(other.origin));
    const begun = await ada.submit(page);
    const path = begun.location ?? "";
    expect(path).to.match(/^\/admin\/network\/tests\/[0-9a-z]+$/);
    for (let round = 0; round < 3; round += 1) await untilSettled(site, other);

    const shown = textOf((await ada.open(path)).text);

    expect(shown).to.contain("Tout ce qui peut être prouvé fonctionne.");
    expect(shown).to.contain("Répondre : une réponse nous parvient – réussi");
    expect((await ada.open(page)).text).to.contain(path);
    expect(textOf((await other.browser().open("/")).text)).to.not.contain("Essai");
  });

  it("have no slip, and words for every cause in both languages", async () => {
    const translations = loadTranslations(viewsDir);
    const options = { viewsDir, translations, site: sampleSite() };
    const states = ["ok", "warned", "unproven", "failed", "skipped", "waiting"] as const;
    const now = site.clock.now();
    const test: SelfTest = {
      ...{ _id: "t", host: "a.example", origin: "https://a.example", account: "z@a.example" },
      steps: stepNames.map((name, at) => ({
        ...{ name, state: states[at % 6] ?? "ok", cause: "clock", detail: "2 min", ms: 1_200 },
      })),
      ...{ busy: null, actorUri: null, inbox: null, answersTests: false, followUri: "f" },
      ...{ noteUri: "n", repliedAt: null, waitingSince: null, startedAt: now, endedAt: now },
      expiresAt: now,
    };
    const running = testModel(site.ctx, { ...test, endedAt: null });
    const errors = ["host", "account"].map((field) => ({
      field,
      key: "refusals.required",
      params: {},
    }));
    const list = await testsModel(site.ctx, { values: { host: "a", account: "b" }, errors });
    const full = {
      ...list,
      tests: [{ host: "a", url: "/t", at: now, badge: { code: "accepted", label: "Bien" } }],
    };

    const models = [testModel(site.ctx, test), running];
    expect(walkTemplate("self-test/show", models, options)).to.deep.equal([]);
    expect(walkTemplate("self-test/list", [full, { ...list, tests: [] }], options)).to.deep.equal(
      [],
    );
    const faults = checkTranslations(translations);
    expect(faults.filter(({ key }) => key.startsWith("self-test."))).to.deep.equal([]);
  });
});
