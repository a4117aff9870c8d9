import { expect } from "chai";
import { createAccount } from "../../../src/features/accounts/accounts.js";
import { register } from "../../../src/features/accounts/registration.js";
import { giveBack, takeOf, usageOf, type Ctx } from "../../../src/kit/index.js";
import { anOperated, other, type Operated } from "./support.js";

const page = `/operator/instances/${other}`;
const shown = { storageChoice: "default", mailsChoice: "default", membersChoice: "default" };
const day = 24 * 3_600_000;

describe("Whoever administrates a city whose limit an operator sets", function () {
  this.timeout(20_000);
  let the: Operated;
  let number = 0;
  beforeEach(async () => {
    the = await anOperated();
    await aMember("admin");
    for (let n = 0; n < 3; n += 1) await aMember();
    await the.site.settle();
    the.site.mails.length = 0;
  });
  afterEach(() => the.site.close());

  const password = "trois mots simples";
  const city = (): Promise<Ctx> => the.site.ctx(other);

  async function aMember(...roles: Array<"admin">): Promise<void> {
    const mail = `${roles[0] ?? "member"}-${(number += 1)}@mail.example`;
    const who = { name: "Maud", mail, password, language: "fr" as const };
    await createAccount(await city(), { ...who, roles: ["citizen", ...roles], confirmed: true });
  }

  async function limit(fields: Record<string, string>): Promise<void> {
    const _csrf = await the.operator.token(page);
    await the.operator.post(page, { _csrf, act: "limits", ...shown, ...fields });
    await the.site.settle();
  }

  const members = (most: number) => limit({ membersChoice: "own", members: String(most) });
  const told = () => the.site.mails.map(({ to, subject }) => [to.split("-")[0], subject] as const);

  it("hears at once that it is used up already, in words that say so, and hears it once", async () => {
    await members(2);
    await members(2);

    const [mail, ...more] = the.site.mails;
    expect(more).to.deep.equal([]);
    expect(mail?.to).to.match(/^admin-/);
    expect(mail?.subject).to.equal("Plus de place pour de nouveaux membres – Roche");
    expect(mail?.text).to.contain("Roche compte 4 membres, et 2 sont prévus");
    expect(mail?.text).to.contain("inscriptions sont donc refusées");
  });

  it("hears at once that it is nearly used up, of each limit by itself, and nothing of a wide one", async () => {
    await takeOf(await city(), "storage", { amount: 9_000_000 });

    await members(6);
    expect(told()).to.deep.equal([]);
    await members(5);
    await limit({ storageChoice: "own", storage: "10" });

    expect(told()).to.deep.equal([
      ["admin", "Bientôt plus de place pour de nouveaux membres – Roche"],
      ["admin", "La place pour les images sera bientôt pleine – Roche"],
    ]);
  });

  it("hears it although the server dies between the limit and the news of it", async () => {
    const { queue } = the.site.app.drivers;
    const { add } = queue;
    Object.assign(queue, { add: () => Promise.reject(new Error("Redis does not answer")) });
    await members(2);
    Object.assign(queue, { add });
    expect(told()).to.deep.equal([]);

    await the.site.app.outbox.sweep(0);
    await the.site.settle();

    expect(told()).to.have.length(1);
  });

  it("hears of one that is met when the first newcomer is refused, whoever set it, and not of each", async () => {
    const { _id } = (await city()).instance;
    await the.site.app.instances.update(_id, { limits: { members: 4, storage: 10 } });
    const ctx = await city();
    const newcomer = { name: "Ada", mail: "ada@mail.example", password, language: "fr" as const };

    for (const from of ["192.0.2.1", "192.0.2.2"]) {
      await register(ctx, newcomer, from).catch(() => undefined);
    }
    await takeOf(ctx, "storage", { amount: 9 });
    await the.site.settle();
    const before = told();
    await takeOf(ctx, "storage", { amount: 9 });
    await the.site.settle();

    expect(before.map(([, subject]) => subject)).to.deep.equal([
      "Plus de place pour de nouveaux membres – Roche",
      "La place pour les images sera bientôt pleine – Roche",
    ]);
    expect(told()).to.deep.equal(before);
  });

  it("hears that it is near and then that it is met, each once, whatever comes and goes in between", async () => {
    await members(5);
    const near = told();
    await aMember();
    await the.site.settle();
    const met = told();
    const newcomer = { name: "Ada", mail: "ada@mail.example", password, language: "fr" as const };
    await register(await city(), newcomer, "192.0.2.1").catch(() => undefined);
    for (let n = 0; n < 2; n += 1) {
      await giveBack(await city(), "members");
      await takeOf(await city(), "members");
    }
    await the.site.settle();

    const first = ["admin", "Bientôt plus de place pour de nouveaux membres – Roche"];
    expect(near).to.deep.equal([first]);
    expect(met).to.deep.equal([first, ["admin", "Plus de place pour de nouveaux membres – Roche"]]);
    expect(told()).to.deep.equal(met);
    expect(the.site.mails.at(-1)?.text).to.contain("5 membres, et 5 sont prévus");
  });

  it("hears of a limit again that was wide in between, and only then", async () => {
    for (const most of [5, 5]) await members(most);
    const before = told();
    for (const most of [50, 5]) await members(most);

    const near = ["admin", "Bientôt plus de place pour de nouveaux membres – Roche"];
    expect(before).to.deep.equal([near]);
    expect(told()).to.deep.equal([near, near]);
  });

  it("hears of mails near their limit once a day, also when they are used up", async () => {
    await limit({ mailsChoice: "own", mails: "10" });
    for (let n = 0; n < 9; n += 1) await takeOf(await city(), "mails");
    await the.site.settle();
    for (let n = 0; n < 3; n += 1) await takeOf(await city(), "mails");
    await the.site.settle();

    expect(told()).to.have.length(1);
    expect(told()[0]?.[1]).to.contain("Beaucoup de courriels");
  });

  it("uses up no other day's mails by it, however many administrate the city", async () => {
    for (let n = 0; n < 7; n += 1) await aMember("admin");
    await limit({ mailsChoice: "own", mails: "5" });
    const ctx = await city();
    the.site.mails.length = 0;
    for (let n = 0; n < 4; n += 1) await takeOf(ctx, "mails");
    await the.site.settle();
    const sameDay = told();
    the.site.clock.advance(day + day / 48);
    await the.site.settle();

    expect(sameDay.map(([, subject]) => subject)).to.deep.equal([
      "Beaucoup de courriels en un jour – Roche",
    ]);
    expect(told()).to.deep.equal(sameDay);
    expect((await usageOf(ctx)).mails).to.equal(0);
    expect((await the.site.app.drivers.queue.counts("mail")).delayed).to.equal(0);
  });

  it("is written nothing of mails while none may be sent, so that no such mail waits for each day", async () => {
    await takeOf(await city(), "mails");
    await limit({ mailsChoice: "own", mails: "0" });
    const ctx = await city();
    for (let n = 0; n < 3; n += 1) {
      expect(await takeOf(ctx, "mails")).to.equal(false);
      the.site.clock.advance(day);
    }
    await the.site.settle();

    const { delayed } = await the.site.app.drivers.queue.counts("mail");
    expect(delayed).to.equal(0);
    expect((await usageOf(ctx)).mails).to.equal(0);
  });
});
