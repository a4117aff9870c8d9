import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { SMTPServer } from "smtp-server";
import { createSmtpMailer, type Mailer } from "../../../src/drivers/mail.js";
import { mailFailure, troubleKind } from "../../../src/drivers/mail/failure.js";
import { createTextRecords } from "../../../src/drivers/mail/text-records.js";
import { sendLetter, type Ctx } from "../../../src/kit/index.js";
import { aNameServer, type NameServer } from "../../support/dns.js";
import { intercepting } from "../../support/faults.js";
import { textOf } from "../../support/forms.js";
import { anOperated, home, type Operated } from "./support.js";

const page = "/operator/mail";

describe("The page of mails", function () {
  this.timeout(20_000);
  let the: Operated;
  let smtp: SMTPServer;
  let names: NameServer;
  let isAway = false;

  before(async () => {
    smtp = new SMTPServer({
      ...{ authOptional: true, disabledCommands: ["STARTTLS"], logger: false },
      onRcptTo({ address }, _session, done) {
        const refusal = (responseCode: number, said: string): void =>
          done(Object.assign(new Error(`${said} <${address}>`), { responseCode }));
        if (address.startsWith("gone")) return refusal(550, "5.1.1 no such user");
        if (address.startsWith("full")) return refusal(452, "4.2.2 mailbox full");
        return done();
      },
      onData: (stream, _session, done) => void stream.resume().on("end", () => done()),
    });
    smtp.listen(0, "127.0.0.1");
    await once(smtp.server, "listening");
    const { port } = smtp.server.address() as AddressInfo;
    const from = "parvis@ville.fr";
    const url = `smtp://127.0.0.1:${port}`;
    const [taken, refused] = [url, "smtp://127.0.0.1:1"].map((one) =>
      createSmtpMailer({ url: one, from }),
    ) as [Mailer, Mailer];
    const now = (): Mailer => (isAway ? refused : taken);
    const mailer: Mailer = {
      send: (mail) => now().send(mail),
      check: () => now().check(),
      close: async () => void (await Promise.all([taken.close(), refused.close()])),
    };
    names = await aNameServer({ "ville.fr": ["v=spf1 mx -all"] });
    const records = createTextRecords([names.address]);
    const env = { MAIL_FROM: `Ville <${from}>`, SMTP_URL: url };
    the = await anOperated({ mailer, records, env });
  });
  after(async () => {
    await the.site.close();
    names.close();
    await new Promise((resolve) => smtp.close(() => resolve(null)));
  });

  const send = async (ctx: Ctx, to: string): Promise<unknown> =>
    sendLetter(ctx, {
      ...{ to, language: "fr", key: "accounts.letters.reset", unsubscribeUrl: null },
      kind: "account",
      ...{ params: { link: "https://valmont.example", name: "Ada" }, about: `test/${to}` },
    }).catch((error: unknown) => error);
  const read = async (): Promise<string> => textOf((await the.operator.get(page)).text);

  it("begins empty, and asks nothing outside while it is read", async () => {
    const text = await read();

    expect(text).to.contain("Aucun mail depuis 30 jours");
    expect(text).to.contain("Jamais vérifié");
    expect(names.asked).to.deep.equal([]);
  });

  it("counts what was sent, put off and refused, and names domains and reasons, never an address", async () => {
    const ctx = await the.site.ctx(home);
    await send(ctx, "ada@mail.example");
    await send(ctx, "bea@mail.example");
    await send(ctx, "gone@closed.example");
    // The same mail, tried again.
    await send(ctx, "full@full.example");
    await send(ctx, "full@full.example");

    const { text } = await the.operator.get(page);

    const words = textOf(text);
    expect(words).to.match(/02\/03\/2026\s*2\s*2\s*1/);
    expect(words).to.match(/closed\.example\s*Refusé/);
    expect(words).to.contain("L’adresse n’existe pas");
    expect(words).to.contain("550 5.1.1");
    expect(words).to.match(/La boîte est pleine ou fermée\.\s*2 essais/);
    expect(text).not.to.match(/(?:gone|full|ada|bea)@/);
  });

  it("keeps a month, and counts each day by itself", async () => {
    const ctx = await the.site.ctx(home);
    the.site.clock.advance(20 * 86_400_000);
    await send(ctx, "ada@mail.example");
    const both = await read();
    // A session lasts as long as what is shown: somebody signs in anew.
    const colleague = await the.somebody(home);
    await the.site.app.operators.operators.grant(ctx, colleague.memberId);
    the.site.clock.advance(11 * 86_400_000);
    const later = textOf((await colleague.get(page)).text);
    the = { ...the, operator: colleague };

    expect(both).to.match(/22\/03\/2026\s*1\s*0\s*0/);
    expect(both).to.contain("02/03/2026");
    expect(later).to.contain("22/03/2026");
    expect(later).not.to.contain("02/03/2026");
  });

  it("checks the mail server and the sending domain when it is asked to, in a job", async () => {
    const asked = await the.operator.submit(page, {});
    await the.site.settle();

    expect(asked.status).to.equal(303);
    const text = await read();
    expect(text).to.contain("Serveur de courrier Répond");
    expect(text).to.match(/SPF\s*Tout va bien/);
    expect(text).to.match(/DMARC\s*À surveiller/);
    expect(text).to.contain("sans le sélecteur");
    expect(names.asked).to.include("ville.fr");
  });

  it("says when the mail server does not answer any more, with no word that it said", async () => {
    isAway = true;
    await send(await the.site.ctx(home), "ada@mail.example");
    await the.operator.submit(page, {});
    await the.site.settle();

    const text = await read();
    expect(text).to.contain("Serveur de courrier Ne répond pas");
    expect(text).to.match(
      /mail\.example\s*Remis à plus tard\s*Notre serveur de courrier ne répond/,
    );
  });
});

describe("A mail that left", function () {
  this.timeout(20_000);

  it("is not sent again because it could not be counted", async () => {
    const sent: string[] = [];
    const mailer: Mailer = {
      send: async ({ to }) => ({ id: String(sent.push(to)) }),
      check: async () => undefined,
      close: async () => undefined,
    };
    const the = await anOperated({
      mailer,
      storeThrough: intercepting(["mail_days", "updateOne"], () =>
        Promise.reject(new Error("the disk is full")),
      ),
    });
    const ctx = await the.site.ctx(home);
    await sendLetter(ctx, {
      ...{ to: "ada@mail.example", language: "fr", key: "accounts.letters.reset" },
      ...{ params: { link: "x", name: "Ada" }, about: "test", unsubscribeUrl: null },
      kind: "account",
    });
    await the.site.close();

    expect(sent).to.deep.equal(["ada@mail.example"]);
  });

  it("and failed leaves codes behind, never what was said", () => {
    const said = {
      code: "EENVELOPE",
      responseCode: 550,
      response: "550 5.7.1 <ada@x.example> spam",
    };
    const failure = mailFailure(Object.assign(new Error("no"), said));
    expect(failure).to.deep.equal({
      ...{ permanent: false, code: "EENVELOPE", status: 550, enhanced: "5.7.1" },
    });
    expect(troubleKind(failure)).to.equal("policy");
    const odd = mailFailure(Object.assign(new Error("no"), { code: "ada@x.example" }));
    expect(odd.code).to.equal(null);
    expect(troubleKind(mailFailure({ code: "EAUTH", responseCode: 535 }))).to.equal("sign-in");
  });
});
