import { expect } from "chai";
import sharp from "sharp";
import type { InstanceProfile } from "../../../src/kit/index.js";
import { profileOf } from "../../../src/kit/index.js";
import type { Browser } from "../../support/browser.js";
import { textOf } from "../../support/forms.js";
import { aPicture } from "../../support/media.js";
import { aSite, type Site } from "../../support/site.js";

const page = "/admin/profile";

describe("how an administrator presents the site", function () {
  this.timeout(30_000);
  let site: Site;
  let admin: Browser;
  before(async () => {
    site = await aSite();
    admin = await site.signedIn("Maud", "admin");
  });
  after(() => site.close());

  async function profile(): Promise<InstanceProfile & { tagline: string }> {
    const found = await site.app.instances.byId(site.instance._id);
    if (found === null) throw new Error("no instance");
    return { ...profileOf(found), tagline: found.tagline };
  }

  it("is kept, shown on the page about it and in the frame of every page", async () => {
    await admin.open(page);
    const sent = await admin.upload(
      page,
      {
        ...{ tagline: "Au bord de l’eau", description: "La **ville** et <b>vous</b>." },
        ...{ contact: "mairie@valmont.example", attributionDomains: "blog.example" },
        ...{ fieldLabel1: "Site", fieldValue1: "https://www.valmont.example/" },
      },
      { logo: await aPicture(), banner: await aPicture(200, 900) },
    );

    expect(sent.status).to.equal(303);
    const kept = await profile();
    expect(kept.tagline).to.equal("Au bord de l’eau");
    expect(kept.attributionDomains).to.deep.equal(["blog.example"]);
    const { text } = await site.browser().open("/about");
    expect(text).to.contain("<strong>ville</strong> et &lt;b&gt;vous&lt;/b&gt;");
    expect(text).to.contain('href="https://www.valmont.example/" rel="me noopener"');
    expect(text).to.contain("mailto:mairie@valmont.example");
    const home = (await site.browser().open("/")).text;
    expect(home).to.contain(`src="/media/${kept.logo}"`);
    expect(home).to.contain(`og:image" content="${site.origin}/media/${kept.banner}"`);
  });

  it("serves its pictures as pictures and as nothing else, for good, to everybody", async () => {
    const { logo } = await profile();
    const accept = "application/activity+json";
    const answer = await fetch(`${site.origin}/media/${logo}`, { headers: { accept } });

    expect(answer.status).to.equal(200);
    const { width, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect([width, format]).to.deep.equal([400, "png"]);
    expect(answer.headers.get("content-type")).to.equal("image/png");
    expect(answer.headers.get("x-content-type-options")).to.equal("nosniff");
    expect(answer.headers.get("content-security-policy")).to.contain("default-src 'none'");
    expect(answer.headers.get("cache-control")).to.contain("immutable");
    for (const path of ["/media/x.png", `/media/..%2f${logo}`, `/media/${"0".repeat(64)}.png`]) {
      expect((await site.browser().open(path)).status, path).to.equal(404);
    }
  });

  it("keeps what was typed, and changes nothing, when something is wrong", async () => {
    const before = await profile();
    await admin.open(page);
    const sent = await admin.upload(
      page,
      {
        ...{ tagline: "Autre chose", attributionDomains: "127.0.0.1", contact: "nulle part" },
        ...{ fieldLabel2: "Sans valeur" },
      },
      { logo: Buffer.from("<svg onload=alert(1)>") },
    );

    expect(sent.status).to.equal(422);
    expect(sent.text).to.contain('value="Autre chose"');
    expect(textOf(sent.text)).to.contain("Indiquez une adresse électronique");
    expect(await profile()).to.deep.equal(before);
    const wrong = { contact: "", attributionDomains: "", fieldLabel2: "", fieldValue2: "" };
    for (const [fields, said] of [
      [{ attributionDomains: "127.0.0.1" }, "« 127.0.0.1 » n’est pas un nom de site"],
      [{ fieldLabel2: "Sans valeur" }, "Cette réponse est nécessaire"],
      [{}, "Cette image ne convient pas"],
    ] as const) {
      await admin.open(page);
      const logo = Buffer.from("<svg onload=alert(1)>");
      const again = await admin.upload(page, { ...wrong, ...fields }, { logo });
      expect([again.status, textOf(again.text).includes(said)], said).to.deep.equal([422, true]);
    }
    expect(await profile()).to.deep.equal(before);
  });

  it("refuses a picture above four megabytes beside its field", async () => {
    await admin.open(page);
    const logo = Buffer.concat([await aPicture(), Buffer.alloc(4 * 1024 * 1024)]);

    const sent = await admin.upload(page, {}, { logo });

    expect(sent.status).to.equal(413);
    expect(textOf(sent.text)).to.contain("Cette image est trop lourde");
  });

  it("replaces a picture and removes the former one a week later, and takes one away", async () => {
    const before = await profile();
    await admin.open(page);
    expect((await admin.upload(page, {}, { logo: await aPicture(77) })).status).to.equal(303);
    const after = await profile();
    expect(after.logo).to.not.equal(before.logo);
    expect(after.banner).to.equal(before.banner);
    expect(await site.ctx.media.get(before.logo ?? "")).to.not.equal(null);
    await site.later(8 * 24 * 3_600_000);
    expect(await site.ctx.media.get(before.logo ?? "")).to.equal(null);
    expect(await site.ctx.media.get(after.logo ?? "")).to.not.equal(null);

    await admin.open(page);
    expect((await admin.upload(page, { removeLogo: "on" }, {})).status).to.equal(303);
    expect((await profile()).logo).to.equal(null);
  });

  describe("is changed by nobody else:", () => {
    const form = async (token: string): Promise<FormData> => {
      const body = new FormData();
      body.append("_csrf", token);
      body.append("tagline", "Piraté");
      body.append("logo", new Blob([new Uint8Array(await aPicture(3))]), "x.png");
      return body;
    };

    for (const who of ["visitor", "citizen", "official", "moderator"] as const) {
      it(`not by a ${who}, whose files are not even read`, async () => {
        const browser =
          who === "visitor" ? site.browser() : await site.signedIn("Alix", who as never);
        expect((await browser.open(page)).status).to.equal(who === "visitor" ? 303 : 403);
        await browser.open("/proposals/new").catch(() => null);
        const sent = await browser.send(page, await form("x"));
        expect(sent.status).to.equal(who === "visitor" ? 401 : 403);
        expect((await profile()).tagline).to.not.equal("Piraté");
      });
    }

    it("not by another site through the administrator's browser, nor without the token", async () => {
      await admin.open(page);
      const token = admin.fields(page)["_csrf"] ?? "";
      const crossed = { "sec-fetch-site": "cross-site" };
      expect((await admin.send(page, await form(token), crossed)).status).to.equal(403);
      expect((await admin.send(page, await form("wrong"))).status).to.equal(403);
      expect((await profile()).tagline).to.not.equal("Piraté");
    });

    it("not by a form that is cut, endless or no form at all", async () => {
      const type = "multipart/form-data; boundary=b";
      const bodies: ReadonlyArray<readonly [string, string]> = [
        [type, '--b\r\nContent-Disposition: form-data; name="tagline"\r\n\r\nPir'],
        [type, "nothing"],
        ["multipart/form-data", "--b--"],
        [
          type,
          `${'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'.repeat(900)}--b--`,
        ],
      ];
      for (const [contentType, body] of bodies) {
        const { status } = await admin.send(page, body, { "content-type": contentType });
        expect(status, body.slice(0, 20)).to.be.within(400, 429);
      }
      expect((await profile()).tagline).to.not.equal("Piraté");
    });
  });
});

describe("the picture of an actor that has none of its own", () => {
  it("is drawn in the colour of its instance, and in no colour that does not exist", async () => {
    const site = await aSite();
    const read = async (path: string): Promise<[number, Buffer]> => {
      const answer = await fetch(site.origin + path);
      return [answer.status, Buffer.from(await answer.arrayBuffer())];
    };
    const seen: string[] = [];
    for (const path of ["/icons/city-195.png", "/icons/city-20.png", "/icons/person-195.png"]) {
      const [status, bytes] = await read(path);
      expect(status).to.equal(200);
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).to.deep.equal([400, 400]);
      seen.push(data.subarray(0, 3).toString("hex"));
    }
    expect(seen[0]).to.equal(seen[2]);
    expect(seen[0]).to.not.equal(seen[1]);
    for (const path of ["/icons/city-360.png", "/icons/king-1.png", "/icons/..%2fmain.css"]) {
      expect((await read(path))[0], path).to.equal(404);
    }
    await site.close();
  });
});
