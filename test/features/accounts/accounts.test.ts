import { expect } from "chai";
import { accountOf, accountsCollection } from "../../../src/features/accounts/accounts.js";
import { mailTokensCollection } from "../../../src/features/accounts/mail-tokens.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import type { Ctx } from "../../../src/kit/index.js";
import { millisecondsSince } from "../../support/cpu-time.js";
import { aDeployment, type Answer, type Deployment } from "../../support/deployment.js";
import { textOf } from "../../support/forms.js";

const host = "valmont.example";
const password = "une longue phrase";

describe("An account", function () {
  this.timeout(30_000);
  let site: Deployment;
  let ctx: Ctx;
  let number = 0;
  before(async () => {
    site = await aDeployment();
    await site.city(host, { name: "Valmont" });
    await site.city("roche.example", { name: "Roche" });
    ctx = await site.ctx(host);
  });
  after(() => site.close());
  beforeEach(() => {
    site.clock.advance(3_600_000);
    site.mails.length = 0;
  });

  const newMail = (): string => `ada${(number += 1)}@mail.example`;
  const typed = (mail: string, change = {}) => ({
    ...{ name: "Ada", mail, password, agreed: "on" },
    ...change,
  });
  const register = (mail: string, change = {}): Promise<Answer> =>
    site.browser(host).submit("/register", typed(mail, change));
  const signIn = (mail: string, word = password): Promise<Answer> =>
    site.browser(host).submit("/sign-in", { mail, password: word });
  const account = (mail: string) => ctx.collection(accountsCollection).findOne({ mail });
  const lastLink = async (kind: "confirm" | "reset"): Promise<string> => {
    await site.settle();
    const link = site.mails.at(-1)?.text.match(new RegExp(`https://\\S+(/${kind}/\\S+)`))?.[1];
    if (link === undefined) throw new Error(`no mail holds a link to ${kind}`);
    return link;
  };

  it("is open once its address is confirmed by the link of a mail, which signs in", async () => {
    const mail = newMail();
    const answer = await register(mail);
    const link = await lastLink("confirm");
    const early = await signIn(mail);
    const browser = site.browser(host);
    expect((await browser.get(link)).status).to.equal(200);
    expect((await account(mail))?.confirmedAt).to.equal(null);
    const confirmed = await browser.submit(link, { password });

    expect(textOf(answer.text)).to.contain(mail);
    expect(textOf(early.text)).to.contain("Confirmez d’abord votre adresse");
    expect([confirmed.status, confirmed.headers.location]).to.deep.equal([303, "/"]);
    expect(textOf((await browser.get("/profile")).text)).to.contain(mail);
    expect((await signIn(mail)).status).to.equal(303);
    expect((await account(mail))?.passwordHash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it("takes an address as one, however its letters are typed", async () => {
    const mail = newMail();
    await register(`  ${mail.toUpperCase()} `);
    await site.browser(host).submit(await lastLink("confirm"), { password });

    expect((await signIn(mail.toUpperCase())).status).to.equal(303);
  });

  it("is made once of ten registrations of one address at once", async () => {
    const mail = newMail();
    const people = await ctx.collection(peopleCollection).countDocuments({});
    const browsers = Array.from({ length: 5 }, () => site.browser(host));
    const tokens = await Promise.all(browsers.map((browser) => browser.token("/register")));
    const more = browsers.map((browser, n) =>
      Promise.all(
        [1, 2].map(() => browser.post("/register", { ...typed(mail), _csrf: tokens[n] ?? "" })),
      ),
    );
    const answers = (await Promise.all(more)).flat();
    await site.settle();

    expect(new Set(answers.map(({ status }) => status))).to.satisfy((all: Set<number>) =>
      [...all].every((status) => status === 200 || status === 429),
    );
    expect(await ctx.collection(accountsCollection).countDocuments({ mail })).to.equal(1);
    expect(await ctx.collection(peopleCollection).countDocuments({})).to.equal(people + 1);
  });

  it("shows nobody whether an address has one", async () => {
    const [known, unknown] = [newMail(), newMail()];
    await register(known);
    await site.browser(host).submit(await lastLink("confirm"), { password });
    const masked = ({ status, text }: Answer, mail: string): string =>
      `${status} ${textOf(text).replaceAll(mail, "MAIL")}`;

    for (const attempt of [
      (mail: string) => register(mail),
      (mail: string) => site.browser(host).submit("/forgotten", { mail }),
      (mail: string) => signIn(mail, "not the password"),
    ]) {
      const [one, other] = [await attempt(known), await attempt(unknown)];
      expect(masked(one, known)).to.equal(masked(other, unknown));
    }
  });

  it("cannot be told apart by the work that signing in takes", async () => {
    const [known, unknown] = [newMail(), newMail()];
    await register(known);
    const time = async (mail: string): Promise<number> => {
      const browser = site.browser(host);
      const _csrf = await browser.token("/sign-in");
      const started = process.cpuUsage();
      await browser.post("/sign-in", { mail, password: "not the password", _csrf });
      return millisecondsSince(started);
    };
    // In turns, and the best of each: what else this process does falls on both, and mostly on neither.
    let [one, other] = [Infinity, Infinity];
    for (let n = 0; n < 7; n += 1) {
      one = Math.min(one, await time(known));
      other = Math.min(other, await time(unknown));
    }

    expect(Math.min(one, other) / Math.max(one, other)).to.be.greaterThan(0.3);
  });

  it("opens for nobody by a link that a stranger asked for, with a password of theirs", async () => {
    const mail = newMail();
    await register(mail);
    await register(mail, { password: "the password of Eve", name: "Eve" });
    const link = await lastLink("confirm");

    const refused = await site.browser(host).submit(link, { password });

    expect(refused.status).to.equal(422);
    expect(textOf(refused.text)).to.contain("choisissez-en un nouveau");
    expect((await account(mail))?.confirmedAt).to.equal(null);
    await site.browser(host).submit("/forgotten", { mail });
    await site.browser(host).submit(await lastLink("reset"), { password });
    expect((await signIn(mail)).status).to.equal(303);
    expect((await signIn(mail, "the password of Eve")).status).to.equal(422);
  });

  it("is told by mail, and to its owner alone, of a second registration", async () => {
    const mail = newMail();
    await register(mail);
    await site.browser(host).submit(await lastLink("confirm"), { password });
    await register(mail, { password: "another long phrase", name: "Eve" });
    await site.settle();

    expect(site.mails.at(-1)?.subject).to.equal("Vous avez déjà un compte – Valmont");
    expect((await signIn(mail, "another long phrase")).status).to.equal(422);
    expect((await signIn(mail)).status).to.equal(303);
  });

  it("has the password of who confirms it, not of who registered the address before", async () => {
    const mail = newMail();
    await register(mail, { password: "the password of Eve", name: "Eve" });
    const before = await lastLink("confirm");
    await register(mail);
    const link = await lastLink("confirm");

    const stale = await site.browser(host).submit(before, { password });
    const confirmed = await site.browser(host).submit(link, { password });

    expect([stale.status, confirmed.status]).to.deep.equal([410, 303]);
    expect((await signIn(mail, "the password of Eve")).status).to.equal(422);
    expect((await signIn(mail)).status).to.equal(303);
    const { _id = "" } = (await account(mail)) ?? {};
    expect(await ctx.collection(peopleCollection).findOne({ _id })).to.include({ name: "Ada" });
  });

  const refused: ReadonlyArray<readonly [string, object, string]> = [
    ["a short password", { password: "court" }, "password"],
    ["an endless password", { password: "x".repeat(201) }, "password"],
    [
      "the address as password",
      { mail: "ada.lovelace@mail.example", password: "ada.lovelace@mail.example" },
      "password",
    ],
    ["the name twice as password", { name: "Lovelace", password: "LovelaceLovelace" }, "password"],
    ["one letter as password", { password: "aaaaaaaaaaaa" }, "password"],
    ["no name", { name: " " }, "name"],
    ["an endless name", { name: "x".repeat(61) }, "name"],
    ["half an address", { mail: "ada@" }, "mail"],
    ["two addresses", { mail: "a@b.example, c@d.example" }, "mail"],
    ["an address with a line break", { mail: "a@b.example\r\nBcc: x@y.example" }, "mail"],
    ["no agreement", { agreed: "" }, "agreed"],
  ];
  for (const [what, change, field] of refused) {
    it(`is not made with ${what}; what was typed stays, but the password`, async () => {
      const mail = newMail();
      const answer = await register(mail, change);

      expect(answer.status).to.equal(422);
      expect(answer.text).to.contain(`id="f-${field}-error"`);
      expect(answer.text).not.to.contain(`value="${password}"`);
      expect(await account(mail)).to.equal(null);
    });
  }

  it("gets a new password by a link that works once, ends every session, and proves the address", async () => {
    const member = await site.signedIn(host, { mail: newMail() });
    const { mail = "" } = (await accountOf(ctx, member.memberId)) ?? {};
    await site.browser(host).submit("/forgotten", { mail });
    const link = await lastLink("reset");
    const weak = await site.browser(host).submit(link, { password: mail });
    const done = await site.browser(host).submit(link, { password: "a new long phrase" });
    const again = await site.browser(host).submit(link, { password: "yet another phrase" });

    expect([weak.status, done.status, again.status]).to.deep.equal([422, 303, 410]);
    expect((await member.get("/profile")).status).to.equal(303);
    expect((await signIn(mail)).status).to.equal(422);
    expect((await signIn(mail, "a new long phrase")).status).to.equal(303);
  });

  it("takes one password of two that are chosen by one link at once", async () => {
    const member = await site.signedIn(host);
    const { mail = "" } = (await accountOf(ctx, member.memberId)) ?? {};
    await site.browser(host).submit("/forgotten", { mail });
    const link = await lastLink("reset");

    const answers = await Promise.all(
      ["a first long phrase", "a second long phrase"].map((word) =>
        site.browser(host).submit(link, { password: word }),
      ),
    );

    expect(answers.map(({ status }) => status)).to.have.members([303, 410]);
  });

  it("opens by no link that is old, made up, of another purpose or of another site", async () => {
    const mail = newMail();
    await register(mail);
    const confirm = await lastLink("confirm");
    const token = confirm.split("/").at(-1) ?? "";
    const elsewhere = await site.browser("roche.example").submit(confirm, { password });
    const wrong = await site.browser(host).submit(`/reset/${token}`, { password: "a new phrase" });
    const madeUp = await site.browser(host).submit("/confirm/x", { password });
    site.clock.advance(49 * 3_600_000);
    const old = await site.browser(host).submit(confirm, { password });

    expect([elsewhere, wrong, madeUp, old].map(({ status }) => status)).to.deep.equal(
      Array<number>(4).fill(410),
    );
    expect(textOf(old.text)).to.contain("Ce lien a expiré ou a déjà servi");
    expect((await account(mail))?.confirmedAt).to.equal(null);
  });

  it("keeps of its links nothing that would open it", async () => {
    await register(newMail());
    const token = (await lastLink("confirm")).split("/").at(-1) ?? "";
    const rows = await ctx.collection(mailTokensCollection).find({}).toArray();
    const jobs = await site.app.drivers.store.collection("queue_jobs").find({}).toArray();

    expect(token.length).to.be.greaterThan(30);
    expect(JSON.stringify([rows, jobs])).not.to.contain(token);
  });

  it("is closed to whoever was suspended, at once and by every door", async () => {
    const member = await site.signedIn(host);
    const { mail = "" } = (await accountOf(ctx, member.memberId)) ?? {};
    await site.browser(host).submit("/forgotten", { mail });
    const link = await lastLink("reset");
    await ctx
      .collection(accountsCollection)
      .updateOne({ mail }, { $set: { suspendedAt: site.clock.now() } });

    expect((await member.get("/profile")).status).to.equal(303);
    expect(textOf((await signIn(mail)).text)).to.contain("Ce compte est suspendu");
    expect(textOf((await signIn(mail, "wrong")).text)).not.to.contain("suspendu");
    expect((await site.browser(host).submit(link, { password: "a new phrase" })).status).to.equal(
      403,
    );
  });

  it("makes who guesses its password wait, and nobody who mistypes an address", async () => {
    const mail = newMail();
    for (let n = 0; n < 10; n += 1) expect((await signIn(mail, "wrong")).status).to.equal(422);
    const tired = await signIn(mail, password);

    expect(tired.status).to.equal(429);
    expect(textOf(tired.text)).to.contain("Faites une pause");
    for (let n = 0; n < 12; n += 1) expect((await signIn("ada@", "wrong")).status).to.equal(422);
    site.clock.advance(901_000);
    expect((await signIn(mail, "wrong")).status).to.equal(422);
  });

  it("makes a connection wait that tries many addresses, and one address wait for its mails", async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 61; n += 1) statuses.push((await signIn("nobody@", "x")).status);
    const mail = newMail();
    for (let n = 0; n < 6; n += 1) {
      statuses.push((await site.browser(host).submit("/forgotten", { mail })).status);
    }

    expect(statuses.slice(0, 60).every((status) => status === 422)).to.equal(true);
    expect([statuses[60], ...statuses.slice(-2)]).to.deep.equal([429, 200, 429]);
  });
});
