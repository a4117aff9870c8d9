import { expect } from "chai";
import type { KeysPage } from "../../src/federation/network/keys.js";
import { rotationsCollection } from "../../src/federation/rotation-record.js";
import { loadTranslations } from "../../src/kit/i18n/index.js";
import { head } from "../../src/kit/index.js";
import { textOf } from "../support/forms.js";
import { viewsDir } from "../support/gallery.js";
import { sampleSite } from "../support/gallery-models.js";
import { aSite, type Site } from "../support/site.js";
import { walkTemplate } from "../support/walk-template.js";

const page = "/admin/keys";

describe("the page of the signing keys", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  const underWay = (): Promise<number> =>
    site.ctx.collection(rotationsCollection).countDocuments({});

  it("names nothing that it is not given", () => {
    const at = new Date("2026-03-02T08:00:00Z");
    const models: KeysPage[] = [at, null].map((underWaySince) => ({
      ...{ head: head("Clés"), madeAt: at, underWaySince },
    }));
    const options = { viewsDir, translations: loadTranslations(viewsDir), site: sampleSite() };
    expect(walkTemplate("network/keys", models, options)).to.deep.equal([]);
  });

  it("is for administrators alone", async () => {
    const visitor = await site.browser().open(page);
    expect([visitor.status, visitor.location]).to.deep.equal([
      303,
      "/sign-in?back=%2Fadmin%2Fkeys",
    ]);
    for (const role of ["citizen", "moderator", "official"] as const) {
      const member = await site.signedIn("Bea", role);
      expect((await member.open(page)).status).to.equal(403);
      await member.open("/profile");
      expect((await member.post(page)).status).to.equal(403);
    }
    const admin = await site.signedIn("Ada", "admin");
    expect((await admin.post(page, { _csrf: "wrong" })).status).to.equal(403);
    expect(await underWay()).to.equal(0);
  });

  it("exchanges the keys of the site, and says for an hour that it does", async () => {
    const admin = await site.signedIn("Ada", "admin");
    expect(textOf((await admin.open(page)).text)).to.contain("Les clés actuelles datent du");

    expect((await admin.submit(page)).status).to.equal(303);
    await site.later(1_000);

    const { text } = await admin.open(page);
    expect(textOf(text)).to.contain("Un changement de clés est en cours");
    expect(text).to.not.contain(`action="${page}"`);
    const headers = { accept: "application/activity+json" };
    const actor = await (await fetch(`${site.origin}/actor`, { headers })).text();
    expect(actor).to.contain("#main-key-2");
    await site.later(3_600_000);
    expect(await underWay()).to.equal(0);
  });
});
