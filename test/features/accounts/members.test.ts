import { expect } from "chai";
import {
  accountOf,
  accountsCollection,
  insertAccount,
  loadMember,
  newAccount,
} from "../../../src/features/accounts/accounts.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { register } from "../../../src/features/accounts/registration.js";
import { accounts } from "../../../src/features/accounts/accounts.feature.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aCity, civicFeatures, closeCities } from "../../support/city.js";
import { aDeployment, type Deployment } from "../../support/deployment.js";
import { failing } from "../../support/faults.js";
import { textOf } from "../../support/forms.js";

const host = "valmont.example";

describe("Members and what they decide", function () {
  this.timeout(20_000);
  let site: Deployment;
  let ctx: Ctx;
  before(async () => {
    site = await aDeployment();
    await site.city(host, { name: "Valmont" });
    await site.city("roche.example", { name: "Roche" });
    ctx = await site.ctx(host);
  });
  after(() => site.close());

  const rolesOf = async (memberId: string) => (await loadMember(ctx, memberId))?.roles;

  describe("roles", () => {
    it("are given and taken by an admin, from the page of members", async () => {
      const admin = await site.signedIn(host, { roles: ["admin"] });
      const member = await site.signedIn(host, { name: "Bea" });
      const target = `/admin/members/${member.memberId}`;

      expect((await admin.get("/admin/members")).text).to.contain("Bea");
      const given = await admin.submit("/admin/members", { official: "on" }, target);
      expect(given.status).to.equal(303);
      expect(await rolesOf(member.memberId)).to.deep.equal(["citizen", "official"]);
      await admin.submit("/admin/members", {}, target);

      expect(await rolesOf(member.memberId)).to.deep.equal(["citizen"]);
    });

    it("that one admin has just taken are not given back by the page that another one still has", async () => {
      const [admin, other] = [
        await site.signedIn(host, { roles: ["admin"] }),
        await site.signedIn(host, { roles: ["admin"] }),
      ];
      const member = await site.signedIn(host, { roles: ["official"] });
      const target = `/admin/members/${member.memberId}`;
      const stale = { official: "on", "was-official": "on", moderator: "on" };
      const _csrf = await other.token("/admin/members");

      await admin.submit("/admin/members", {}, target);
      const late = await other.post(target, { ...stale, _csrf });

      expect(late.status).to.equal(303);
      expect(await rolesOf(member.memberId)).to.deep.equal(["citizen", "moderator"]);
    });

    for (const role of ["citizen", "moderator", "official"] as const) {
      it(`are none of the business of somebody who is ${role}`, async () => {
        const member = await site.signedIn(host, { roles: [role] });
        const _csrf = await member.token("/profile");
        const target = `/admin/members/${member.memberId}`;

        expect((await member.get("/admin/members")).status).to.equal(403);
        expect((await member.post(target, { admin: "on", _csrf })).status).to.equal(403);
        expect(await rolesOf(member.memberId)).not.to.include("admin");
      });
    }

    it("of admins cannot be laid down by themselves", async () => {
      const admin = await site.signedIn(host, { roles: ["admin"] });
      const target = `/admin/members/${admin.memberId}`;
      const answer = await admin.submit("/admin/members", { official: "on" }, target);

      expect(answer.status).to.equal(403);
      expect(await rolesOf(admin.memberId)).to.include("admin");
    });

    it("are not given by an admin of another site, nor to nobody", async () => {
      const member = await site.signedIn(host);
      const stranger = await site.signedIn("roche.example", { roles: ["admin"] });
      const _csrf = await stranger.token("/profile");
      const change = { admin: "on", _csrf };

      expect((await stranger.post(`/admin/members/${member.memberId}`, change)).status).to.equal(
        404,
      );
      expect((await stranger.get("/admin/members")).text).not.to.contain(member.memberId);
      expect(await rolesOf(member.memberId)).to.deep.equal(["citizen"]);
    });

    it("are listed fifty members at a time, and found by address", async () => {
      const admin = await site.signedIn(host, { roles: ["admin"], mail: "boss@mail.example" });
      const template = await newAccount(ctx, {
        ...{ name: "M", mail: "m@mail.example", password: "x", language: "fr" },
        ...{ roles: ["citizen"], confirmed: true },
      });
      for (let n = 0; n < 60; n += 1) {
        const row = { ...template, _id: ctx.ids.next(), mail: `many${n}@mail.example` };
        await insertAccount(ctx, row, `Many ${n}`);
      }
      const count = (text: string): number => text.match(/aria-labelledby="m-/g)?.length ?? 0;
      const first = await admin.get("/admin/members");
      const next = /href="(\/admin\/members\?after[^"]*)"/.exec(first.text)?.[1] ?? "";
      const found = await admin.get("/admin/members?mail=%20BOSS@mail.example");

      expect(count(first.text)).to.equal(50);
      const second = await admin.get(next.replaceAll("&#x3D;", "="));
      expect(count(second.text)).to.be.greaterThan(10);
      expect(count(found.text)).to.equal(1);
      for (const after of ["x", "W251bGwsbnVsbF0", "WyJhIiwiYiJd"]) {
        expect((await admin.get(`/admin/members?after=${after}`)).status).to.equal(404);
      }
    });
  });

  it("change how they are shown and written to", async () => {
    const member = await site.signedIn(host, { name: "Ada" });
    const change = { name: "  Ada   Byron ", about: "Je roule.\r\nBeaucoup.", language: "en" };

    const saved = await member.submit("/profile", change);
    const wrong = await member.submit("/profile", { ...change, name: "x", language: "xx" });

    expect([saved.status, wrong.status]).to.deep.equal([303, 422]);
    expect(await accountOf(ctx, member.memberId)).to.include({
      language: "en",
      mailNotices: false,
    });
    const person = await ctx.collection(peopleCollection).findOne({ _id: member.memberId });
    expect(person).to.include({ name: "Ada Byron", about: "Je roule.\nBeaucoup." });
    expect(wrong.text).to.contain('id="f-name-error"');
  });

  it("are led to sign in, and back, when they ask for their page as a visitor", async () => {
    const answer = await site.browser(host).get("/profile");

    expect(answer.headers.location).to.equal("/sign-in?back=%2Fprofile");
    const sent = await site.browser(host).submit("/sign-in", {}, "/sign-in");
    expect(sent.status).to.equal(422);
  });

  describe("stop the mails", () => {
    const linkOf = async (memberId: string): Promise<string> =>
      `/unsubscribe/${memberId}/${(await accountOf(ctx, memberId))?.unsubscribeKey ?? ""}`;
    const wants = async (memberId: string) => (await accountOf(ctx, memberId))?.mailNotices;

    it("by one click of the mail program, without cookie, token or redirect (RFC 8058)", async () => {
      for (const type of ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]) {
        const { memberId } = await site.signedIn(host);
        const answer = await site.browser(host).ask("POST", await linkOf(memberId), {
          headers: { "Content-Type": type, "Sec-Fetch-Site": "cross-site" },
          body: "List-Unsubscribe=One-Click",
        });

        expect(answer.status).to.equal(200);
        expect(textOf(answer.text)).to.contain("nous ne vous écrirons plus");
        expect(await wants(memberId)).to.equal(false);
      }
    });

    it("from the page the link opens, which changes nothing by itself", async () => {
      const { memberId } = await site.signedIn(host);
      const link = await linkOf(memberId);
      const browser = site.browser(host);
      expect((await browser.get(link)).status).to.equal(200);
      expect(await wants(memberId)).to.equal(true);

      expect((await browser.submit(link, {})).status).to.equal(200);
      expect(await wants(memberId)).to.equal(false);
    });

    it("for nobody else: a wrong key changes nothing and tells nothing", async () => {
      const { memberId } = await site.signedIn(host);
      const wrong = await site.browser(host).post(`/unsubscribe/${memberId}/x`, {});
      const unknown = await site.browser(host).post("/unsubscribe/nobody/x", {});
      const elsewhere = await site.browser("roche.example").post(await linkOf(memberId), {});

      const answers = [wrong, unknown, elsewhere];
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
      expect(await wants(memberId)).to.equal(true);
    });
  });
});

describe("Registering while the process dies", () => {
  afterEach(closeCities);

  const input = { name: "Ada", mail: "ada@mail.example", password: "une longue phrase" };
  const again = async (ctx: Ctx): Promise<void> =>
    register(ctx, { ...input, language: "fr" }, "192.0.2.1").catch(() => undefined);

  for (const [what, collection] of [
    ["the person", "people"],
    ["the intent", "intents"],
    ["the account", "accounts"],
  ] as const) {
    for (const when of ["before", "after"] as const) {
      it(`${when} ${what} is stored leaves nothing that a second try does not mend`, async () => {
        const fault = failing(collection, "insertOne");
        const features = [...civicFeatures, accounts];
        const city = await aCity({ features, storeThrough: (store) => fault.through(store) });
        fault.arm(1, when);

        await again(city.visitor);
        await again(city.visitor);
        await city.outbox.sweep(0);
        await city.settle();

        expect(fault.deaths).to.equal(1);
        const rows = await city.visitor
          .collection(accountsCollection)
          .find({ mail: input.mail })
          .toArray();
        expect(rows).to.have.length(1);
        expect(city.mails.at(-1)?.subject).to.contain("Confirmez votre adresse");
        const person = { _id: rows[0]?._id ?? "" };
        expect(await city.visitor.collection(peopleCollection).findOne(person)).not.to.equal(null);
      });
    }
  }
});
