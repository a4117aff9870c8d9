import { expect } from "chai";
import { loadConfig } from "../../../src/config.js";
import { accountsCollection } from "../../../src/features/accounts/accounts.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { setUpInstance } from "../../../src/features/set-up/set-up.js";
import { topics } from "../../../src/features/topics/topics.js";
import { firstStart } from "../../../src/first-start.js";
import { hashToken } from "../../../src/hosting/instances.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aDeployment, type Answer, type Deployment } from "../../support/deployment.js";
import { failing, type Fault } from "../../support/faults.js";
import { textOf } from "../../support/forms.js";

const host = "valmont.example";
const config = loadConfig({ PUBLIC_URL: `https://${host}` });
const filled = {
  ...{ kind: "city", name: "Ville de Valmont", tagline: "Au bord de l’eau", handle: "@Valmont" },
  ...{ language: "fr", adminName: "Ada", mail: "ada@mail.example", password: "une longue phrase" },
};

describe("Opening a new site", function () {
  this.timeout(20_000);
  let site: Deployment;
  let faults: Fault;
  beforeEach(async () => {
    faults = failing("topics", "insertOne");
    site = await aDeployment({ storeThrough: (store) => faults.through(store) });
  });
  afterEach(() => site.close());

  const invited = async (): Promise<string> => {
    const words = await firstStart(site.app, config);
    const path = words?.match(/https:\/\/valmont\.example(\/set-up\/\S+)/)?.[1];
    if (path === undefined) throw new Error(`no link in ${words ?? "nothing"}`);
    return path;
  };
  const send = (path: string, change = {}): Promise<Answer> =>
    site.browser(host).submit(path, { ...filled, ...change });
  const stateOf = async () => (await site.app.instances.byHost(host))?.state;
  const admins = async (ctx: Ctx) => ctx.collection(accountsCollection).find({}).toArray();

  it("takes one link, one page and one form; then its admin is signed in", async () => {
    const link = await invited();
    const browser = site.browser(host);
    const done = await browser.submit(link, filled);
    const home = await browser.get("/");
    const members = await browser.get("/admin/members");

    expect([done.status, done.headers.location]).to.deep.equal([303, "/"]);
    expect([home.status, members.status]).to.deep.equal([200, 200]);
    expect(textOf(home.text)).to.contain("Ville de Valmont");
    const instance = await site.app.instances.byHost(host);
    expect(instance).to.include({ handle: "valmont", state: "active", setUpTokenHash: null });
    expect((await topics(await site.ctx(host))).length).to.be.greaterThan(4);
    expect(await firstStart(site.app, config)).to.equal(null);
  });

  it("works once: the link is spent, and so is one that was never sent", async () => {
    const link = await invited();
    await send(link);

    for (const path of [link, "/set-up/x"]) {
      const page = await site.browser(host).get(path);
      const _csrf = await site.browser(host).token("/sign-in");
      expect(page.status).to.equal(410);
      expect((await site.browser(host).post(path, { ...filled, _csrf })).status).to.equal(403);
    }
  });

  it("is refused without the link, whatever is typed", async () => {
    await invited();
    for (const change of [{}, { name: "" }]) {
      const browser = site.browser(host);
      const _csrf = await browser.token(await invited());
      const answer = await browser.post("/set-up/x", { ...filled, ...change, _csrf });
      expect(answer.status).to.equal(410);
    }
    expect(await stateOf()).to.equal("new");
  });

  it("keeps nothing of the token but its hash", async () => {
    const token = (await invited()).split("/").at(-1) ?? "";
    const rows = await site.app.drivers.store.collection("instances").find({}).toArray();

    expect(JSON.stringify(rows)).not.to.contain(token);
    expect(JSON.stringify(rows)).to.contain(hashToken(token));
  });

  it("asks everybody else to come back, in a page or in JSON", async () => {
    await invited();
    for (const path of ["/", "/sign-in", "/register", "/proposals", "/actor", "/nowhere"]) {
      const answer = await site.browser(host).get(path);
      expect(answer.status).to.equal(503);
      expect(Number(answer.headers["retry-after"])).to.be.greaterThan(0);
      expect(textOf(answer.text)).to.contain("Ce site ouvre bientôt");
    }
    const script = await site.browser(host).get("/", { Accept: "application/json" });
    expect(JSON.parse(script.text)).to.include({ error: "being-set-up" });
  });

  it("says beside each field what is wrong, and the link still works", async () => {
    const link = await invited();
    const wrong = await send(link, { name: "", handle: "Ville de", mail: "x", password: "court" });
    const obvious = await send(link, { password: filled.mail });
    const done = await send(link);

    expect([wrong.status, obvious.status, done.status]).to.deep.equal([422, 422, 303]);
    for (const field of ["name", "handle", "mail", "password"]) {
      expect(wrong.text).to.contain(`id="f-${field}-error"`);
    }
    expect(obvious.text).to.contain('id="f-password-error"');
    expect(obvious.text).to.contain('value="Ville de Valmont"');
  });

  for (const handle of ["p12", "topic_x", "admin", "actor", "a".repeat(31), "é", "a b", ""]) {
    it(`does not take "${handle}" for a name on the network`, async () => {
      expect((await send(await invited(), { handle })).status).to.equal(422);
    });
  }

  it("is done once when two send the form at the same time", async () => {
    const link = await invited();
    const answers = await Promise.all([send(link), send(link, { mail: "bea@mail.example" })]);

    expect(answers.map(({ status }) => status)).to.have.members([303, 410]);
    expect(await admins(await site.ctx(host))).to.have.length(1);
    expect(await stateOf()).to.equal("active");
  });

  it("can be done by the link that was mailed on, however many processes start meanwhile, and once", async () => {
    const link = await invited();
    await invited();

    expect((await site.browser(host).get(link)).status).to.equal(200);
    expect((await send(link)).status).to.equal(303);
    expect(await firstStart(site.app, config)).to.equal(null);
    expect((await site.browser(host).get(link)).status).to.equal(410);
  });

  it("is done once when another process starts in the midst of it, and prints the link again", async () => {
    const link = await invited();
    const token = link.split("/").at(-1) ?? "";
    const ctx = await site.ctx(host);
    const second: number[] = [];
    const slow: Ctx = {
      ...ctx,
      inLanguage: (language) => ctx.inLanguage(language),
      async changeInstance(change, expected) {
        const changed = await ctx.changeInstance(change, expected);
        if (change.name !== undefined) {
          await invited();
          second.push((await send(link, { mail: "bea@mail.example" })).status);
        }
        return changed;
      },
    };

    await setUpInstance(slow, token, {
      ...{ ...filled, kind: "city", language: "en", mail: "eve@mail.example" },
    });

    expect(second).to.deep.equal([410]);
    expect((await admins(ctx)).map(({ mail }) => mail)).to.deep.equal(["eve@mail.example"]);
    expect(await stateOf()).to.equal("active");
  });

  it("goes on after a failure of ours, with the same link and address", async () => {
    const link = await invited();
    faults.arm(3);
    const failed = await send(link);
    const done = await send(link);

    expect([failed.status, done.status]).to.deep.equal([500, 303]);
    expect(await admins(await site.ctx(host))).to.have.length(1);
    expect((await topics(await site.ctx(host))).length).to.be.greaterThan(4);
  });

  it("is completed by the same link a minute after the process died in the middle, leaving one admin", async () => {
    const link = await invited();
    const token = link.split("/").at(-1) ?? "";
    const ctx = await site.ctx(host);
    const dying: Ctx = {
      ...ctx,
      changeInstance: (change, expected) =>
        change.name !== undefined
          ? ctx.changeInstance(change, expected)
          : Promise.reject(new Error("died")),
      inLanguage: (language) => ({ ...ctx.inLanguage(language) }),
    };
    const died: unknown = await setUpInstance(dying, token, {
      ...{ ...filled, kind: "city", language: "en", mail: "eve@mail.example" },
    }).catch((error: unknown) => error);
    expect(String(died)).to.contain("died");
    expect([await stateOf(), (await admins(ctx)).length]).to.deep.equal(["new", 1]);

    const early = await send(await invited());
    site.clock.advance(61_000);
    const done = await send(link);

    expect([early.status, done.status]).to.deep.equal([410, 303]);
    expect((await admins(ctx)).map(({ mail }) => mail)).to.deep.equal(["ada@mail.example"]);
    expect(await ctx.collection(peopleCollection).countDocuments({})).to.equal(1);
    expect((await topics(ctx)).map(({ slug }) => slug)).not.to.include("environment");
  });
});
