import { expect } from "chai";
import {
  examineSender,
  isPublicDomain,
  type SenderFindings,
} from "../../src/drivers/mail/sender-domain.js";
import { createTextRecords } from "../../src/drivers/mail/text-records.js";
import { aNameServer, type NameServer } from "../support/dns.js";

describe("What the domain of our mails publishes", () => {
  let server: NameServer;
  afterEach(() => server.close());

  const examined = async (
    records: Readonly<Record<string, readonly string[] | null>>,
    domain = "ville.fr",
  ): Promise<SenderFindings> => {
    server = await aNameServer(records);
    return examineSender(createTextRecords([server.address]), domain);
  };
  const reject = ["v=DMARC1; p=reject"];

  it("is well when it says who sends and what to do with the rest, however long the record", async () => {
    const long = `v=spf1 ${"include:spf.exemple.fr ".repeat(20)}-all`;
    const found = await examined({
      "ville.fr": ["verification=1", long],
      "_dmarc.ville.fr": reject,
    });

    expect(found).to.deep.equal({ spf: "good", dmarc: "good" });
  });

  it("counts for nothing when there is none, or more than one", async () => {
    expect(await examined({})).to.deep.equal({ spf: "missing", dmarc: "missing" });
    server.close();
    const twice = { "ville.fr": ["v=spf1 mx -all", "v=spf1 -all"] };
    const found = await examined({ ...twice, "_dmarc.ville.fr": [...reject, ...reject] });
    expect(found).to.deep.equal({ spf: "several", dmarc: "missing" });
  });

  const others: ReadonlyArray<readonly [string, string, keyof SenderFindings, string]> = [
    ["lets everybody send", "v=spf1 mx all", "spf", "anybody"],
    ["lets nobody send", "v=spf1 -all", "spf", "nobody"],
    ["is of another version", "v=spf10 mx -all", "spf", "missing"],
    ["only watches", "v=DMARC1; p=none; rua=mailto:a@ville.fr", "dmarc", "watching"],
    ["knows no rule", "v=DMARC1; rua=mailto:a@ville.fr", "dmarc", "broken"],
  ];
  for (const [what, text, key, state] of others) {
    it(`is told when it ${what}`, async () => {
      const name = key === "spf" ? "ville.fr" : "_dmarc.ville.fr";
      expect((await examined({ [name]: [text] }))[key]).to.equal(state);
    });
  }

  it("is looked for at the registered domain, whose rule for names below it counts", async () => {
    const parent = { "_dmarc.ville.fr": ["v=DMARC1; p=reject; sp=none"] };

    const found = await examined(parent, "mail.parvis.ville.fr");

    expect(found.dmarc).to.equal("watching");
    expect(server.asked.sort((a, b) => a.localeCompare(b))).to.deep.equal([
      ...["_dmarc.mail.parvis.ville.fr", "_dmarc.ville.fr", "mail.parvis.ville.fr"],
    ]);
  });

  it("is not taken for missing when nobody answers", async () => {
    const found = await examined({ "ville.fr": null, "_dmarc.ville.fr": null });

    expect(found).to.deep.equal({ spf: "no-answer", dmarc: "no-answer" });
  });

  it("is not asked of names that are nobody's to look up", async () => {
    server = await aNameServer({});
    for (const domain of [
      "localhost",
      "valmont.localhost",
      "a.test",
      "192.0.2.1",
      "mairie.local",
    ]) {
      expect(isPublicDomain(domain), domain).to.equal(false);
    }
    expect(isPublicDomain("mairie.fr")).to.equal(true);
  });
});
