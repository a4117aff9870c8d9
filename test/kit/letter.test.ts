import { expect } from "chai";
import { GiveUp, sendLetter, type Ctx, type Letter } from "../../src/kit/index.js";
import { MailError } from "../../src/drivers/mail.js";
import { aCity, closeCities, type City } from "../support/city.js";

const letter: Letter = {
  to: "ada@mail.example",
  language: "en",
  key: "accounts.letters.reset",
  params: { name: "Ada", link: "https://valmont.example/reset/x" },
  about: "reset/é x/7",
  kind: "account",
  unsubscribeUrl: null,
};

describe("A letter", () => {
  let city: City;
  beforeEach(async () => {
    city = await aCity({ name: "Valmont" });
  });
  afterEach(closeCities);

  it("is in the reader's language, in the name of the site, and says how to leave", async () => {
    const unsubscribeUrl = "https://valmont.example/unsubscribe/m/k";
    await sendLetter(city.visitor, letter);
    await sendLetter(city.visitor, { ...letter, language: "fr", unsubscribeUrl });

    const [english, french] = city.mails;
    expect(english?.subject).to.equal("Choose a new password – Valmont");
    expect(english?.fromName).to.equal("Valmont");
    expect(english?.unsubscribeUrl).to.equal(undefined);
    expect(english?.text).to.match(/-- \nValmont\nhttps:\/\/valmont\.example\n$/);
    expect(french?.subject).to.equal("Choisir un nouveau mot de passe – Valmont");
    expect(french?.unsubscribeUrl).to.equal(unsubscribeUrl);
    expect(french?.text).to.contain(`ces messages\u00a0: ${unsubscribeUrl}`);
  });

  it("bears the same Message-ID at each try, of letters that every server takes", async () => {
    await sendLetter(city.visitor, letter);
    await sendLetter(city.visitor, letter);

    const ids = city.mails.map(({ messageId }) => messageId);
    expect(ids).to.deep.equal([ids[0], ids[0]]);
    expect(ids[0]).to.match(/^[\w.-]+@valmont\.example$/);
  });

  it("is given up when the address is refused for good, and tried again otherwise", async () => {
    const attempt = (error: Error): Promise<unknown> => {
      const mailer = { ...city.visitor.mailer, send: () => Promise.reject(error) };
      const ctx: Ctx = { ...city.visitor, mailer };
      return sendLetter(ctx, letter).catch((thrown: unknown) => thrown);
    };
    const away = new MailError("away", { permanent: false });

    expect(await attempt(new MailError("no such user", { permanent: true }))).to.be.instanceOf(
      GiveUp,
    );
    expect(await attempt(away)).to.equal(away);
  });
});
