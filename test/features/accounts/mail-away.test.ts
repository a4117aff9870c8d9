import { expect } from "chai";
import { MailError, type Mailer } from "../../../src/drivers/mail.js";
import { createAccount } from "../../../src/features/accounts/accounts.js";
import { aDeployment } from "../../support/deployment.js";

const hourMs = 3_600_000;

describe("somebody who registers while the mail server is away", function () {
  this.timeout(30_000);

  it("is asked to confirm the address once it is back, also after a night", async () => {
    let isAway = true;
    const sent: string[] = [];
    const mailer: Mailer = {
      async send({ to }) {
        if (isAway) throw new MailError("Mail not sent: it is away", { permanent: false });
        sent.push(to);
        return { id: "<1@test>" };
      },
      check: async () => undefined,
      close: async () => undefined,
    };
    const the = await aDeployment({ mailer });
    await the.city("valmont.localhost");
    const ctx = await the.ctx("valmont.localhost");
    const mail = "bea@home.example";
    const asked = { mail, name: "Bea", password: "a bridge of seven stones" };
    await createAccount(ctx, { ...asked, roles: [], confirmed: false });

    for (let hours = 0; hours < 12; hours += 1) {
      await the.settle();
      the.clock.advance(1.5 * hourMs);
    }
    isAway = false;
    await the.settle();
    await the.close();

    expect(sent).to.deep.equal([mail]);
  });
});
