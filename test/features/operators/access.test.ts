import { expect } from "chai";
import { accountsCollection } from "../../../src/features/accounts/accounts.js";
import { processText } from "../../../src/features/operators/overview.pages.js";
import type { Browser } from "../../support/deployment.js";
import { textOf } from "../../support/forms.js";
import { anOperated, home, other, type Operated } from "./support.js";

describe("The pages of whoever runs a deployment", function () {
  this.timeout(20_000);
  let the: Operated;
  before(async () => {
    the = await anOperated();
  });
  after(() => the.site.close());

  const routes = () => the.site.app.operators.feature.routes;
  const pages = () => routes().filter(({ method }) => method === "GET");

  it("are shown to an operator, in both languages, and lead on from the menu", async () => {
    expect(pages()).not.to.deep.equal([]);
    for (const [language, mark] of [
      ["en", "Operations pages"],
      ["fr", "Pages d’exploitation"],
    ] as const) {
      await the.operator.get(`/?lang=${language}`);
      for (const { path: pattern } of pages()) {
        const path = pattern.replace(":host", other);
        const { status, text, headers } = await the.operator.get(path);
        expect(status, path).to.equal(200);
        expect(headers["cache-control"]).to.contain("private");
        expect(text).to.contain('name="robots" content="noindex"');
        expect(text, path).to.contain(mark);
      }
    }
    expect((await the.operator.get("/")).text).to.contain('href="/operator"');
  });

  const strangers: ReadonlyArray<readonly [string, () => Promise<Browser>]> = [
    ["a visitor", async () => the.site.browser(home)],
    ["a member", () => the.somebody(home)],
    ["an administrator", () => the.somebody(home, "admin", "official", "moderator")],
    ["an administrator of another instance", () => the.somebody(other, "admin")],
  ];

  for (const [who, open] of strangers) {
    it(`do not exist for ${who}: each address answers as one that nobody made`, async () => {
      const browser = await open();
      const nothing = {
        GET: await browser.get("/operator-that-nobody-made"),
        POST: await browser.post("/operator-that-nobody-made", { any: "thing" }),
      };
      const bare = (text: string): string =>
        text.replace(/n° [^<]*|[0-9a-z]{26}|(?:%2F|\/)operator[^"&<]*/g, "");

      for (const { method, path } of routes()) {
        const address = path.replace(":host", other);
        for (const accept of ["text/html", "application/json", "image/png"]) {
          const headers = { Accept: accept };
          const answer =
            method === "GET"
              ? await browser.get(address, headers)
              : await browser.post(address, { any: "thing" }, headers);
          expect(answer.status, `${method} ${address}`).to.equal(404);
          if (accept === "text/html") {
            expect(bare(answer.text), address).to.equal(bare(nothing[method].text));
          }
        }
        expect((await browser.ask("OPTIONS", address)).status).to.equal(404);
      }
      expect((await browser.get("/")).text).not.to.contain('href="/operator"');
    });
  }

  it("do not exist for the operator's namesake: the id of a member counts on one instance alone", async () => {
    const elsewhere = the.site.browser(other);
    for (const [name, value] of the.operator.cookies) elsewhere.cookies.set(name, value);

    expect((await elsewhere.get("/operator")).status).to.equal(404);
  });

  it("take no form of another site, nor one without its token", async () => {
    for (const { path } of routes().filter(({ method }) => method === "POST")) {
      const address = path.replace(":host", other);
      const forged = await the.operator.post(address, { _csrf: "wrong" });
      expect(forged.status, address).to.equal(403);
    }
  });

  it("close the moment somebody is no operator any more, or may not sign in", async () => {
    const ctx = await the.site.ctx(home);
    const { operators } = the.site.app.operators;
    const gone = await the.somebody(home);
    await operators.grant(ctx, gone.memberId);
    expect((await gone.get("/operator")).status).to.equal(200);

    await operators.revoke(ctx, gone.memberId);
    expect((await gone.get("/operator")).status).to.equal(404);

    await operators.grant(ctx, gone.memberId);
    await ctx
      .collection(accountsCollection)
      .updateOne({ _id: gone.memberId }, { $set: { suspendedAt: the.site.clock.now() } });
    expect((await gone.get("/operator")).status).to.equal(404);
  });

  it("tell how the deployment does, and what operators did", async () => {
    const text = textOf((await the.operator.get("/operator")).text);

    for (const words of ["Base de données Répond", "File d’attente Répond", "Place libre"]) {
      expect(text).to.contain(words);
    }
    expect(text).to.match(/SQLite, intégrée/);
    expect(text).to.contain("Nouvel exploitant : Inès (valmont.example)");
    expect(text).to.contain("Ligne de commande");
  });

  it("name processes in the reader's words, whatever they call themselves in the database", async () => {
    const said = async (what: string, language: "fr" | "en") =>
      processText(await the.site.ctx(home, language), what).replace(/\s/g, " ");

    expect(await said("server (web)", "fr")).to.equal("Serveur : Pages (web)");
    expect(await said("server (all)", "en")).to.equal("Server: Pages and jobs (all)");
    expect(await said("command", "fr")).to.equal("Une commande");
    expect(await said("restore", "fr")).to.equal("Une commande : restore");
  });
});
