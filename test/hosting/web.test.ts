import { connect } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { aDeployment, type Answer, type Deployment } from "../support/deployment.js";
import { textOf } from "../support/forms.js";

const host = "valmont.example";

/** Send bytes as they are; the first line of what comes back. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  // Left open: who hangs up before the answer is there gets none.
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return text;
}

describe("The web side of a deployment", function () {
  this.timeout(20_000);
  let site: Deployment;
  before(async () => {
    site = await aDeployment();
    await site.city(host, { aliases: ["www.valmont.example"], name: "Valmont" });
    await site.city("roche.example", { name: "Roche", language: "en" });
    const { _id } = await site.city("calme.example");
    await site.app.instances.update(_id, { state: "suspended" });
  });
  after(() => site.close());

  const ask = (path: string, headers = {}, method = "GET", at = host): Promise<Answer> =>
    site.browser(at).ask(method, path, { headers });

  describe("finding the site of an address", () => {
    it("says plainly that nobody answers at an unknown one", async () => {
      const answer = await ask("/", {}, "GET", "nowhere.example");

      expect(answer.status).to.equal(421);
      expect(textOf(answer.text)).to.contain("Aucun site à cette adresse");
    });

    for (const odd of ["", "a b", "valmont.example:99999999", "valmont.example/x", "[::1", "é"]) {
      it(`takes "${odd}" for nobody's name`, async () => {
        const text = await raw(
          site.port,
          `GET / HTTP/1.1\r\nHost: ${odd}\r\nConnection: close\r\n\r\n`,
        );

        expect(text).to.match(/^HTTP\/1\.1 4(00|21) /);
      });
    }

    it("knows the name in capitals, with a port and a final dot", async () => {
      expect((await ask("/", {}, "GET", "VALMONT.example.:8080")).status).to.equal(200);
    });

    it("leads another name of the site to its own, keeping path and method", async () => {
      const read = await ask("/topics?x=1", {}, "GET", "www.valmont.example");
      const sent = await ask("/sign-in", {}, "POST", "www.valmont.example");

      expect([read.status, read.headers.location]).to.deep.equal([
        301,
        "https://valmont.example/topics?x=1",
      ]);
      expect([sent.status, sent.headers.location]).to.deep.equal([
        308,
        "https://valmont.example/sign-in",
      ]);
    });

    it("is not talked into leading elsewhere by an absolute request target", async () => {
      const text = await raw(
        site.port,
        "GET http://evil.example/ HTTP/1.1\r\nHost: www.valmont.example\r\nConnection: close\r\n\r\n",
      );

      expect(/^location: (.*)$/im.exec(text)?.[1]).to.match(/^https:\/\/valmont\.example\//);
    });

    it("asks visitors of a suspended site to come back later", async () => {
      const answer = await ask("/", {}, "GET", "calme.example");

      expect(answer.status).to.equal(503);
      expect(Number(answer.headers["retry-after"])).to.be.greaterThan(0);
    });

    for (const target of [
      ...["http://valmont.example:99999/", "http://[::1/", "http://a b/", "http:///", "http://é%/"],
      ...["http://me:secret@valmont.example/", "ftp://valmont.example/", "*"],
    ]) {
      it(`refuses the target ${target}, which cannot be read`, async () => {
        const asked = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

        expect(await raw(site.port, asked)).to.match(/^HTTP\/1\.1 400 /);
      });
    }

    it("reads a whole address with a port, and the star of OPTIONS", async () => {
      const rest = `HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

      expect(await raw(site.port, `GET http://${host}:8080/ ${rest}`)).to.match(/^HTTP\/1\.1 200 /);
      expect(await raw(site.port, `OPTIONS * ${rest}`)).to.match(/^HTTP\/1\.1 404 /);
    });

    it("believes no forwarded name when no proxy is trusted", async () => {
      const answer = await ask("/", { "X-Forwarded-Host": host }, "GET", "nowhere.example");

      expect(answer.status).to.equal(421);
    });
  });

  describe("with a language for each reader", () => {
    const languageOf = async (headers = {}, at = host): Promise<string | undefined> =>
      /<html lang="(..)"/.exec((await ask("/", headers, "GET", at)).text)?.[1];

    it("follows the reader's choice, then the browser, then the site", async () => {
      expect(await languageOf()).to.equal("fr");
      expect(await languageOf({}, "roche.example")).to.equal("en");
      expect(await languageOf({ "Accept-Language": "en-GB,en;q=0.8" })).to.equal("en");
      expect(await languageOf({ "Accept-Language": "en", Cookie: "lang=fr" })).to.equal("fr");
      expect(await languageOf({ Cookie: "lang=xx" })).to.equal("fr");
    });

    it("keeps the choice and leads back to the same page", async () => {
      const browser = site.browser(host);

      const answer = await browser.get("/proposals?lang=en&sort=recent");

      expect([answer.status, answer.headers.location]).to.deep.equal([
        303,
        "/proposals?sort=recent",
      ]);
      expect((await browser.get("/")).text).to.contain('<html lang="en"');
    });

    for (const path of ["/.//evil.example", "//evil.example", "/..//evil.example/a", "/%2F/x"]) {
      it(`never leads to another site from ${path}`, async () => {
        const answer = await ask(`${path}?lang=en`);

        expect(new URL(answer.headers.location ?? "/", `https://${host}`).host).to.equal(host);
      });
    }

    it("links to the other language on the same site only", async () => {
      const { text } = await ask("/.//evil.example/x");

      expect(text).not.to.contain('"//evil.example');
    });
  });

  describe("given what nobody should send", () => {
    const strange: ReadonlyArray<readonly [string, string]> = [
      ["a broken escape", "/proposals/%E0%A4%A"],
      ["a NUL byte", "/people/%00"],
      ["a NUL byte in a filter", "/proposals?q=%00&topic=%00&after=%00&sort=%00"],
      ["repeated filters", "/proposals?q=a&q=b&topic=x&topic=y&sort=z&sort=t"],
      ["a prototype as a name", "/topics/__proto__?__proto__[x]=1&constructor=1"],
      ["a foreign cursor", "/proposals?after=W251bGwsMV0"],
      ["an enormous number", "/proposals/99999999999999999999999999"],
      ["a path out of the assets", "/assets/..%2f..%2fpackage.json"],
      ["a broken escape in the assets", "/assets/%E0%A4%A"],
      ["a query of a thousand names", `/proposals?${"a=1&".repeat(1000)}`],
      ["a language repeated", "/?lang=en&lang=fr"],
      ["an old link", "/confirm/x"],
      ["an address of another method", "/sign-out"],
    ];
    for (const [what, path] of strange) {
      for (const accept of ["text/html", "application/json", "*/*"]) {
        it(`answers ${what} without an incident (${accept})`, async () => {
          const answer = await ask(path, { Accept: accept });

          expect(answer.status).to.be.lessThan(500);
          expect(answer.text).not.to.match(/node_modules|\.ts:\d|Error:/);
        });
      }
    }

    const cookies = [
      "form=j:{}",
      "parvis=j:{}",
      "__Host-parvis=j:[]",
      "__Host-form=j:null",
      "flash=j:{}",
      "flash=%7B%22kind%22%3A%22notice%22%2C%22key%22%3A%22no.such.key%22%7D",
      'flash={"kind":"notice","key":"site.home","params":{"__proto__":"x"}}',
      "flash=%00",
      "lang=j:[]",
      "__proto__=x; constructor=y; =; ;;",
      "parvis=s:abc.def",
      "parvis=s%3Aabc.def",
    ];
    for (const Cookie of cookies) {
      it(`takes the cookie ${Cookie} for none`, async () => {
        expect((await ask("/sign-in", { Cookie })).status).to.equal(200);
        expect((await ask("/nowhere", { Cookie })).status).to.equal(404);
      });
    }

    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]) {
      it(`refuses ${method} without an incident`, async () => {
        for (const path of ["/", "/proposals", "/sign-in", "/nowhere", "/inbox", "/assets/x"]) {
          expect((await ask(path, {}, method)).status).to.be.lessThan(500);
        }
      });
    }

    it("answers HEAD as GET, without a body", async () => {
      const answer = await ask("/proposals", {}, "HEAD");

      expect([answer.status, answer.text]).to.deep.equal([200, ""]);
    });

    it("refuses a long head of a request", async () => {
      const answer = await ask("/", { "X-Long": "x".repeat(20_000) });

      expect(answer.status).to.equal(431);
    });

    const bodies: ReadonlyArray<readonly [string, string, string]> = [
      ["too long a text", "application/x-www-form-urlencoded", `body=${"x".repeat(300_000)}`],
      ["a thousand fields", "application/x-www-form-urlencoded", "a=1&".repeat(1_000)],
      ["JSON", "application/json", '{"__proto__":{"x":1}}'],
      ["a form in parts", "multipart/form-data; boundary=x", "--x\r\n\r\n--x--"],
      ["an unknown type", "image/png", "PNG"],
      ["an unknown alphabet", "application/x-www-form-urlencoded; charset=klingon", "a=1"],
      ["no type at all", "", "a=1"],
      ["names of the language", "application/x-www-form-urlencoded", "__proto__=1&constructor=2"],
      ["broken escapes", "application/x-www-form-urlencoded", "mail=%E0%A4%A&%=%"],
    ];
    for (const [what, type, body] of bodies) {
      it(`refuses ${what}, as a page and as JSON`, async () => {
        for (const accept of ["text/html", "application/json"]) {
          const headers = { Accept: accept, ...(type === "" ? {} : { "Content-Type": type }) };
          const answer = await site.browser(host).ask("POST", "/register", { headers, body });

          expect(answer.status).to.be.within(400, 499);
          expect(answer.headers["content-type"]).to.contain(accept);
        }
      });
    }

    it("refuses a form whose fields come twice, beside the field", async () => {
      const browser = site.browser(host);
      const twice = {
        name: ["a", "b"],
        mail: ["x@y.example", "z@y.example"],
        agreed: ["on", "on"],
      };
      const fields = { ...twice, password: ["une longue phrase", "une longue phrase"] };

      const registered = await browser.submit("/register", fields);
      const signed = await browser.submit("/sign-in", fields);
      const back = await browser.submit("/sign-in", { mail: "", password: "", back: ["/a", "/b"] });

      expect([registered.status, signed.status, back.status]).to.deep.equal([422, 422, 422]);
    });

    it("tells a browser and a script alike what was wrong", async () => {
      const page = await ask("/nowhere");
      const script = await ask("/nowhere", { Accept: "application/json" });

      expect([page.status, script.status]).to.deep.equal([404, 404]);
      expect(textOf(page.text)).to.contain("introuvable");
      expect(JSON.parse(script.text)).to.deep.equal({ error: "not-found", errors: [] });
    });
  });

  it("puts its security headers on every answer", async () => {
    const answers = await Promise.all([
      ask("/"),
      ask("/nowhere"),
      ask("/", {}, "GET", "nowhere.example"),
      ask("/", {}, "GET", "calme.example"),
      ask("/", {}, "GET", "www.valmont.example"),
      ask("/proposals/%E0%A4%A"),
      ask("/assets/nothing.css"),
      ask("/sign-in", {}, "POST"),
      ask("/healthz"),
      ask("/.well-known/webfinger"),
    ]);

    for (const { headers } of answers) {
      expect(headers["content-security-policy"]).to.contain("default-src 'none'");
      expect(headers["x-content-type-options"]).to.equal("nosniff");
      expect(headers["x-frame-options"]).to.equal("DENY");
      expect(headers["x-powered-by"]).to.equal(undefined);
    }
  });

  it("lets no shared cache keep a page, its refusal included", async () => {
    for (const path of ["/", "/nowhere", "/sign-in", "/?lang=fr"]) {
      expect((await ask(path)).headers["cache-control"]).to.match(/private|no-store/);
    }
  });
});
