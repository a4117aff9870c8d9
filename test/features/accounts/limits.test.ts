import { expect } from "chai";
import {
  accountsCollection,
  createAccount,
  type NewAccount,
} from "../../../src/features/accounts/accounts.js";
import {
  askForReset,
  confirmMail,
  register,
  resetPassword,
} from "../../../src/features/accounts/registration.js";
import { Postpone } from "../../../src/drivers/queue/queue.js";
import {
  profileOf,
  Refusal,
  sendLetter,
  usageOf,
  type Ctx,
  type Letter,
} from "../../../src/kit/index.js";
import { limitsOf } from "../../../src/kit/limits.js";
import { aDeployment, type Deployment } from "../../support/deployment.js";
import { textOf } from "../../support/forms.js";
import { aPicture } from "../../support/media.js";
import { present } from "../../support/presenting.js";

const password = "trois mots simples";
const day = 24 * 3_600_000;
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof Refusal ? error.code : error),
  );

describe("The limits of a city", function () {
  this.timeout(30_000);
  let site: Deployment;
  let number = 0;
  before(async () => {
    site = await aDeployment({ env: { LIMIT_MEMBERS: "5", LIMIT_MAILS: "20" } });
  });
  after(() => site.close());
  beforeEach(() => {
    site.clock.advance(2 * day);
    site.mails.length = 0;
  });

  async function aCity(limits: Partial<Ctx["limits"]> = {}): Promise<Ctx> {
    const city = await site.city(`ville-${(number += 1)}.example`, { name: "Valmont" });
    const instance = await site.app.instances.update(city._id, { limits });
    return site.app.contexts({ instance: instance ?? city, member: null, language: "fr" });
  }
  const newcomer = (change: Partial<NewAccount> = {}): NewAccount => {
    const mail = `camille-${(number += 1)}@mail.example`;
    return { name: "Camille", mail, password, language: "fr", ...change };
  };
  const aMember = (ctx: Ctx, ...roles: Array<"admin">) =>
    createAccount(ctx, { ...newcomer(), roles: ["citizen", ...roles], confirmed: true });
  const mailsTo = ({ mail }: { readonly mail: string }) =>
    site.mails.filter(({ to }) => to === mail);
  const link = async (kind: string): Promise<string> => {
    await site.settle();
    return site.mails.at(-1)?.text.match(new RegExp(`/${kind}/(\\S+)`))?.[1] ?? "";
  };

  it("are those of the deployment, but for what it was given of its own", async () => {
    const ctx = await aCity({ members: null });

    expect(ctx.limits).to.deep.equal({ storage: null, mails: 20, members: null });
    expect(limitsOf({}, ctx.limits)).to.deep.equal(ctx.limits);
  });

  it("count members whose address is confirmed, so that nobody takes places with invented ones", async () => {
    const ctx = await aCity({ members: 2 });
    for (let n = 0; n < 5; n += 1) await register(ctx, newcomer(), `192.0.2.${n}`);
    expect((await usageOf(ctx)).members).to.equal(0);

    const mine = await link("confirm");
    await Promise.all([1, 2, 3].map(() => confirmMail(ctx, mine, password).catch(() => null)));

    expect((await usageOf(ctx)).members).to.equal(1);
  });

  it("refuse whoever comes when it is full, by every door and whosever the address is", async () => {
    const ctx = await aCity({ members: 2 });
    const early = newcomer();
    await register(ctx, early, "192.0.2.1");
    const waiting = await link("confirm");
    const known = await aMember(ctx);
    await aMember(ctx);
    await askForReset(ctx, early.mail, "192.0.2.1");
    const reset = await link("reset");

    const doors = [
      register(ctx, newcomer(), "192.0.2.2"),
      register(ctx, newcomer({ mail: known.mail }), "192.0.2.2"),
      confirmMail(ctx, waiting, password),
      resetPassword(ctx, reset, password),
      aMember(ctx),
    ];

    const full = doors.map(() => "members-full");
    expect(await Promise.all(doors.map(codeOf))).to.deep.equal(full);
    expect((await usageOf(ctx)).members).to.equal(2);
    expect(await ctx.collection(accountsCollection).countDocuments({})).to.equal(3);
  });

  it("say so in plain words beside the field, with what was typed", async () => {
    const ctx = await aCity({ members: 0 });
    const browser = site.browser(ctx.instance.host);
    const typed = { name: "Ada", mail: "ada@mail.example", password, agreed: "on" };

    const answer = await browser.submit("/register", typed);

    expect(answer.status).to.equal(409);
    expect(textOf(answer.text)).to.contain("ne peut pas accueillir plus de membres");
    expect(answer.text).to.contain("ada@mail.example");
  });

  it("leave mails to whoever wants to sign in when news has to wait for the next day", async () => {
    const ctx = await aCity({ mails: 10 });
    const letter: Omit<Letter, "kind"> = {
      ...{ to: "a@mail.example", language: "fr", key: "accounts.letters.reset" },
      ...{ params: { name: "Ada", link: "x" }, about: "a", unsubscribeUrl: null },
    };
    const sent = async (kind: "news" | "account", tries: number): Promise<number> => {
      const before = site.mails.length;
      for (let n = 0; n < tries; n += 1) {
        const error = await sendLetter(ctx, { ...letter, kind }).catch((thrown: unknown) => thrown);
        if (error !== undefined) expect(error).to.be.instanceOf(Postpone);
      }
      return site.mails.length - before;
    };

    expect(await sent("news", 15)).to.equal(9);
    expect(await sent("account", 5)).to.equal(1);
    site.clock.advance(day);
    expect(await sent("news", 15)).to.equal(9);
  });

  it("refuse to promise a mail that would not come today, and lose none that was asked for", async () => {
    const ctx = await aCity({ mails: 1 });
    const member = await aMember(ctx);
    await askForReset(ctx, member.mail, "192.0.2.1");
    await askForReset(ctx, member.mail, "192.0.2.1");
    await site.settle();
    const today = site.mails.length;

    const refused = await codeOf(askForReset(ctx, member.mail, "192.0.2.1"));
    site.clock.advance(day + 3_600_000);
    await site.settle();

    expect([today, refused]).to.deep.equal([1, "mails-used-up"]);
    expect(site.mails.map(({ to }) => to)).to.deep.equal([member.mail, member.mail]);
  });

  it("warn whoever administrates it once, before they are met", async () => {
    const ctx = await aCity({ members: 5 });
    const admin = await aMember(ctx, "admin");
    const warnings = () =>
      site.mails.filter(({ subject }) => subject.includes("plus de place pour de nouveaux"));
    await aMember(ctx);
    await aMember(ctx);
    await site.settle();
    expect(warnings()).to.have.length(0);

    await aMember(ctx);
    await aMember(ctx);
    await site.settle();

    expect(warnings().map(({ to }) => to)).to.deep.equal([admin.mail]);
    expect(warnings()[0]?.text).to.match(/\b[45] membres sur les 5 prévus/);
  });

  it("tell of the day on which the mails came near them, on that day or not at all", async () => {
    const ctx = await aCity({ mails: 5 });
    const admin = await aMember(ctx, "admin");
    const narrow = await aCity({ mails: 1 });
    const other = await aMember(narrow, "admin");
    const date = ctx.t.formatDate(site.clock.now());
    for (let n = 1; n <= 4; n += 1) await askForReset(ctx, admin.mail, `192.0.2.${n}`);
    await askForReset(narrow, other.mail, "192.0.2.1");
    await site.settle();
    const [warning] = mailsTo(admin).slice(4);

    site.clock.advance(day + 3_600_000);
    await site.settle();

    expect(warning?.subject).to.contain("Beaucoup de courriels");
    expect(warning?.text).to.contain(`Le ${date}, Valmont avait envoyé 4 courriels`);
    expect(warning?.text).to.contain("sur 5 prévus par jour");
    expect(mailsTo(other)).to.have.length(1);
  });

  it("warn of none that was changed before the warning could go out", async () => {
    const ctx = await aCity({ mails: 1 });
    const admin = await aMember(ctx, "admin");
    await askForReset(ctx, admin.mail, "192.0.2.1");
    await site.settle();
    await site.app.instances.update(ctx.instance._id, { limits: { mails: 100 } });

    site.clock.advance(day + 3_600_000);
    await site.settle();

    expect(mailsTo(admin)).to.have.length(1);
  });

  it("keep pictures within their room, the same one once, and what is removed makes room", async () => {
    const first = await aPicture(1);
    const ctx = await aCity({});
    const admin = { _id: "a", name: "Maud", roles: ["admin"], language: "fr" } as const;
    const acting = site.app.contexts({ instance: ctx.instance, member: admin, language: "fr" });
    const show = (of: Ctx, bytes: Buffer) => present(of, { logo: { bytes, isCut: false } });
    await show(acting, first);
    const { storage } = await usageOf(ctx);
    const instance = await site.app.instances.update(ctx.instance._id, {
      limits: { storage: storage + 10 },
    });
    const full = site.app.contexts({ instance: instance!, member: admin, language: "fr" });

    const again = await codeOf(show(full, first));
    const other = await codeOf(show(full, await aPicture(200)));
    // Nobody removes what was uploaded just now.
    site.clock.advance(2 * 3_600_000);
    const notBefore = await full.media.remove(profileOf(instance!).logo ?? "");

    expect(notBefore).to.equal(null);
    expect(storage).to.be.greaterThan(0);
    expect([again, other]).to.deep.equal([null, "storage-full"]);
    expect((await usageOf(full)).storage).to.equal(0);
    expect(await codeOf(show(full, await aPicture(200)))).to.equal(null);
  });
});
