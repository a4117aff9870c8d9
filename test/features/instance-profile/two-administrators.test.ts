import { expect } from "chai";
import { profileOf, type InstanceProfile } from "../../../src/kit/index.js";
import type { Browser } from "../../support/browser.js";
import { textOf } from "../../support/forms.js";
import { aPicture } from "../../support/media.js";
import { aSite, type Site } from "../../support/site.js";

const page = "/admin/profile";

describe("two administrators who present the site at the same time", function () {
  this.timeout(30_000);
  let site: Site;
  let maud: Browser;
  let alix: Browser;
  beforeEach(async () => {
    site = await aSite();
    [maud, alix] = [await site.signedIn("Maud", "admin"), await site.signedIn("Alix", "admin")];
    for (const one of [maud, alix]) await one.open(page);
  });
  afterEach(() => site.close());

  async function profile(): Promise<InstanceProfile & { tagline: string }> {
    const found = await site.app.instances.byId(site.instance._id);
    if (found === null) throw new Error("no instance");
    return { ...profileOf(found), tagline: found.tagline };
  }

  it("do not undo each other’s words: the second is shown what was saved, and their own is kept", async () => {
    const field = { fieldLabel1: "Site", fieldValue1: "https://a.example/" };
    const first = await maud.upload(page, { contact: "maud@valmont.example", ...field }, {});
    const second = await alix.upload(page, { description: "Nous tous." }, {});

    expect([first.status, second.status]).to.deep.equal([303, 409]);
    expect(await profile()).to.include({ contact: "maud@valmont.example", description: "" });
    expect(textOf(second.text)).to.include("Ce qui a été enregistré entre-temps");
    const [, told = ""] = /id="f-version"([\s\S]*?)<\/section>/.exec(second.text) ?? [];
    expect(told).to.include("maud@valmont.example").and.include("Site – https://a.example/");
    expect(told).to.include("(vide)").and.not.include("Qui vous êtes");
    expect(second.text).to.include("Nous tous.</textarea>");

    const third = await alix.upload(page, { description: "Nous toutes et tous." }, {});

    expect(third.status).to.equal(303);
    expect(await profile()).to.include({ contact: "", description: "Nous toutes et tous." });
  });

  it("do not undo each other’s pictures", async () => {
    await maud.upload(page, {}, { logo: await aPicture(10) });
    const { logo } = await profile();

    const sent = await alix.upload(page, {}, { logo: await aPicture(20) });
    expect([sent.status, (await profile()).logo]).to.deep.equal([409, logo]);
    expect(sent.text).to.include(`/media/${logo}`);

    await alix.upload(page, { tagline: "Ensemble" }, {});
    expect(await profile()).to.include({ tagline: "Ensemble", logo });
  });

  it("of whom both say the same are told that it is saved, as is who presses the button twice", async () => {
    const [tagline, logo] = ["Au bord de l’eau", await aPicture()];

    const first = await maud.upload(page, { tagline }, { logo });
    const again = await maud.upload(page, { tagline }, { logo });

    expect([first.status, again.status]).to.deep.equal([303, 303]);
    expect(await profile()).to.include({ tagline, version: 1 });
  });

  it("whose savings cross are not both told that theirs is kept", async () => {
    const sent = await Promise.all([
      maud.upload(page, { tagline: "De Maud" }, {}),
      alix.upload(page, { tagline: "D’Alix" }, {}),
    ]);

    expect(sent.map(({ status }) => status)).to.have.members([303, 409]);
    const kept = sent[0].status === 303 ? "De Maud" : "D’Alix";
    expect(await profile()).to.include({ tagline: kept, version: 1 });
  });
});
