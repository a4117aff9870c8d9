import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import { SMTPServer } from "smtp-server";
import { createFileMailer, createSmtpMailer, type Mailer } from "../../../src/drivers/mail.js";
import { accountsCollection } from "../../../src/features/accounts/accounts.js";
import { confirmMail, register, askForReset } from "../../../src/features/accounts/registration.js";
import { aDeployment } from "../../support/deployment.js";

const host = "valmont.example";

/** The words of a mail, as its reader sees them; links end in LINK. */
function read(eml: string): string {
  const at = eml.indexOf("\r\n\r\n");
  const [heads, body] = [eml.slice(0, at), eml.slice(at + 4)];
  const words = /quoted-printable/i.test(heads)
    ? decodeURIComponent(
        body
          .replace(/=\r\n/g, "")
          .replaceAll("%", "=25")
          .replace(/=([0-9A-F]{2})/g, "%$1"),
      )
    : Buffer.from(body, /base64/i.test(heads) ? "base64" : "utf8").toString("utf8");
  return words
    .replaceAll("\r\n", "\n")
    .replaceAll("\u00a0", " ")
    .replace(/(confirm|reset)\/[\w-]{32}/g, "$1/LINK")
    .trimEnd();
}

/** Register twice and ask for a new password; the mails, as they were handed to `mailer`. */
async function correspondence(language: "fr" | "en", mailer: Mailer): Promise<void> {
  const site = await aDeployment({ mailer });
  await site.city(host, { name: "Valmont", language });
  const ctx = await site.ctx(host, language);
  const input = { name: "Ada", mail: "ada@mail.example", password: "une longue phrase", language };
  await register(ctx, input, "192.0.2.1");
  await site.settle();
  const ada = await ctx.collection(accountsCollection).findOne({ mail: input.mail });
  await ctx
    .collection(accountsCollection)
    .updateOne({ _id: ada?._id ?? "" }, { $set: { confirmedAt: site.clock.now() } });
  await register(ctx, input, "192.0.2.1");
  await site.settle();
  await askForReset(ctx, input.mail, "192.0.2.1");
  await site.settle();
  expect(await confirmMail(ctx, "made up", input.password).catch(() => "refused")).to.equal(
    "refused",
  );
  await site.close();
}

const french = [
  `Bonjour,

Merci de rejoindre Valmont. Pour confirmer votre adresse, ouvrez ce lien dans les deux jours :

https://valmont.example/confirm/LINK

Si vous n’avez rien demandé, ne faites rien : le compte restera fermé.

-- 
Valmont
https://valmont.example`,
  `Bonjour Ada,

Quelqu’un (vous, sans doute) vient de demander un compte avec cette adresse, qui en a déjà un.

Pour vous connecter : https://valmont.example/sign-in
Mot de passe oublié : https://valmont.example/forgotten

Si ce n’était pas vous, ne faites rien : rien n’a changé.

-- 
Valmont
https://valmont.example`,
  `Bonjour Ada,

Pour choisir un nouveau mot de passe, ouvrez ce lien dans les deux heures :

https://valmont.example/reset/LINK

Si vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même.

-- 
Valmont
https://valmont.example`,
];

const english = [
  `Hello,

Thank you for joining Valmont. To confirm your address, open this link within two days:

https://valmont.example/confirm/LINK

If you did not ask for this, do nothing: the account will stay closed.

-- 
Valmont
https://valmont.example`,
  `Hello Ada,

Somebody (you, most likely) has just asked for an account with this address, which has one already.

To sign in: https://valmont.example/sign-in
Forgotten password: https://valmont.example/forgotten

If it was not you, do nothing: nothing has changed.

-- 
Valmont
https://valmont.example`,
  `Hello Ada,

To choose a new password, open this link within two hours:

https://valmont.example/reset/LINK

If you did not ask for this, do nothing: your password stays the same.

-- 
Valmont
https://valmont.example`,
];

describe("The mails about an account", function () {
  this.timeout(20_000);

  it("say in French what happened and what to do, in files where there is no mail server", async () => {
    const directory = mkdtempSync(join(tmpdir(), "parvis-mail-"));
    const log = pino({ level: "silent" });
    await correspondence(
      "fr",
      createFileMailer({ directory, from: "parvis@valmont.example", log }),
    );

    const files = readdirSync(directory).sort();
    const mails = files.map((file) => readFileSync(join(directory, file), "utf8"));
    rmSync(directory, { recursive: true });

    expect(mails.map(read)).to.deep.equal(french);
    for (const mail of mails) {
      expect(mail).to.match(/^From: Valmont <parvis@valmont\.example>\r$/m);
      expect(mail).to.match(/^To: ada@mail\.example\r$/m);
    }
  });

  it("say the same in English, to a real mail server", async () => {
    const mails: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          mails.push(Buffer.concat(chunks).toString("utf8"));
          done();
        });
      },
    });
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    const { port } = server.server.address() as AddressInfo;
    const from = "Parvis <parvis@valmont.example>";
    await correspondence("en", createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from }));
    await new Promise<void>((resolve) => server.close(() => resolve()));

    expect(mails.map(read)).to.deep.equal(english);
  });
});
