import { expect } from "chai";
import { sessionsCollection } from "../../src/hosting/session.js";
import { aBrowser, aDeployment, type Browser, type Deployment } from "../support/deployment.js";
import { textOf } from "../support/forms.js";

const host = "valmont.example";
const name = "__Host-parvis";

function sessionOf(browser: Browser): string {
  return browser.cookies.get(name) ?? "";
}

/** Another browser that holds the same cookies. */
function copyOf(site: Deployment, browser: Browser, at = host): Browser {
  const copy = aBrowser(site.port, at);
  for (const [key, value] of browser.cookies) copy.cookies.set(key, value);
  return copy;
}

describe("Sessions and forms", function () {
  this.timeout(20_000);
  let site: Deployment;
  before(async () => {
    site = await aDeployment();
    await site.city(host, { name: "Valmont" });
    await site.city("roche.example", { name: "Roche" });
    await site.city("local.example", { origin: "http://local.example" });
  });
  after(() => site.close());

  const sessionsAt = async (at: string): Promise<number> =>
    (await site.ctx(at)).collection(sessionsCollection).countDocuments({});

  it("give a visitor who only reads no session at all", async () => {
    const before = await sessionsAt(host);
    const visitor = site.browser(host);

    await visitor.get("/");
    await visitor.get("/sign-in");

    expect(sessionOf(visitor)).to.equal("");
    expect(await sessionsAt(host)).to.equal(before);
  });

  it("give a new name to the session of whoever signs in, so that none can be prepared", async () => {
    const member = await site.signedIn(host, { mail: "a@mail.example" });
    const before = sessionOf(member);

    const fields = { mail: "a@mail.example", password: "une longue phrase" };
    const again = copyOf(site, member);
    const token = await again.token("/profile");
    const answer = await again.post("/sign-in", { ...fields, _csrf: token });

    expect(answer.status).to.equal(303);
    expect(sessionOf(again)).not.to.equal(before);
    expect((await member.get("/profile")).status).to.equal(303);
  });

  it("take no session name that somebody else chose", async () => {
    const visitor = site.browser(host);
    visitor.cookies.set(name, "s%3Achosen.signature");
    const ctx = await site.ctx(host);
    const member = await site.signedIn(host, { mail: "b@mail.example" });

    const fields = { mail: "b@mail.example", password: "une longue phrase" };
    await visitor.submit("/sign-in", fields);

    expect(sessionOf(visitor)).not.to.contain("chosen");
    const kept = await ctx.collection(sessionsCollection).find({}).toArray();
    expect(JSON.stringify(kept)).not.to.contain(decodeURIComponent(sessionOf(member)).slice(2, 30));
  });

  it("leave nothing behind after signing out", async () => {
    const before = await sessionsAt(host);
    const member = await site.signedIn(host);
    const copy = copyOf(site, member);

    const answer = await member.submit("/", {}, "/sign-out");

    expect([answer.status, answer.headers.location]).to.deep.equal([303, "/"]);
    expect(sessionOf(member)).to.equal("");
    expect(await sessionsAt(host)).to.equal(before);
    expect((await copy.get("/profile")).headers.location).to.contain("/sign-in");
    expect(textOf((await member.get("/")).text)).to.contain("déconnecté");
  });

  it("end by themselves after thirty days", async () => {
    const member = await site.signedIn(host);
    expect((await member.get("/profile")).status).to.equal(200);

    site.clock.advance(31 * 24 * 3_600_000);

    expect((await member.get("/profile")).headers.location).to.contain("/sign-in");
  });

  it("say of an expired one what to do, before anything is written", async () => {
    const member = await site.signedIn(host);
    const token = await member.token("/proposals/new");
    site.clock.advance(31 * 24 * 3_600_000);

    const answer = await member.post("/proposals/new", { _csrf: token, title: "Des arbres" });

    expect(answer.status).to.equal(403);
    expect(textOf(answer.text)).to.contain("Rechargez-la, puis envoyez à nouveau");
  });

  it("set cookies that scripts cannot read and that travel by HTTPS alone", async () => {
    const browser = site.browser(host);
    await site.signedIn(host, { mail: "c@mail.example" });
    const page = await browser.get("/sign-in");
    const fields = { mail: "c@mail.example", password: "une longue phrase" };
    const signed = await browser.submit("/sign-in", fields);
    const spoken = await browser.get("/?lang=en");
    const left = await browser.submit("/", {}, "/sign-out");

    const lines = [page, signed, spoken, left].flatMap((one) => one.headers["set-cookie"] ?? []);
    expect(lines.length).to.be.greaterThan(4);
    for (const line of lines) {
      expect(line).to.match(/; Path=\//);
      expect(line).to.match(/; HttpOnly/);
      expect(line).to.match(/; Secure/);
      expect(line).to.match(/; SameSite=Lax/);
      expect(line).not.to.match(/; Domain=/);
    }
  });

  it("work without HTTPS where the site has none", async () => {
    const member = await site.signedIn("local.example");

    expect([...member.cookies.keys()]).to.include("parvis");
    expect((await member.get("/profile")).status).to.equal(200);
  });

  describe("refuse a form", () => {
    const refused = async (browser: Browser, fields = {}, headers = {}): Promise<void> => {
      const page = await browser.post("/profile", { name: "Pirate", ...fields }, headers);
      const script = await browser.post(
        "/profile",
        { name: "Pirate", ...fields },
        { ...headers, Accept: "application/json" },
      );

      expect([page.status, script.status]).to.deep.equal([403, 403]);
      expect(textOf(page.text)).to.contain("Rechargez-la, puis envoyez à nouveau");
      expect(JSON.parse(script.text)).to.include({ error: "expired-form" });
    };

    it("without its token, or with a made-up one", async () => {
      const member = await site.signedIn(host);
      await refused(member);
      await refused(member, { _csrf: "x.y" });
      await refused(member, { _csrf: ["a", "b"] });
      await refused(member, {}, { "X-CSRF-Token": "x" });
    });

    it("with the token of somebody else", async () => {
      const member = await site.signedIn(host);
      const other = await site.signedIn(host);
      const token = await other.token("/profile");
      await refused(member, { _csrf: token });

      member.cookies.set("__Host-form", other.cookies.get("__Host-form") ?? "");
      await refused(member, { _csrf: token });
    });

    it("with the token of a visitor, once signed in", async () => {
      const visitor = site.browser(host);
      const token = await visitor.token("/sign-in");
      const member = await site.signedIn(host);
      member.cookies.set("__Host-form", visitor.cookies.get("__Host-form") ?? "");
      await refused(member, { _csrf: token });
    });

    it("with the token of another instance", async () => {
      const elsewhere = site.browser("roche.example");
      const token = await elsewhere.token("/sign-in");
      const visitor = copyOf(site, elsewhere);
      await refused(visitor, { _csrf: token });
    });

    it("that another site sent, token or not", async () => {
      const member = await site.signedIn(host);
      const token = await member.token("/profile");
      for (const from of ["cross-site", "same-site"]) {
        await refused(member, { _csrf: token }, { "Sec-Fetch-Site": from });
      }
    });
  });

  it("keep forms good in other tabs while one tab follows a link of a mail", async () => {
    const visitor = site.browser(host);
    const token = await visitor.token("/register");
    await visitor.get("/sign-in", { "Sec-Fetch-Site": "cross-site" });

    const answer = await visitor.post("/register", { _csrf: token });

    expect(answer.status).to.equal(422);
  });

  it("never lead to another site after signing in", async () => {
    await site.signedIn(host, { mail: "d@mail.example" });
    const fields = { mail: "d@mail.example", password: "une longue phrase" };
    const backs = ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example"];
    const more = ["/\t/evil.example", "javascript:alert(1)", " //evil.example", "/.//evil.example"];
    for (const back of [...backs, ...more]) {
      const browser = site.browser(host);
      const page = await browser.get(`/sign-in?back=${encodeURIComponent(back)}`);
      const answer = await browser.submit("/sign-in", { ...fields, back });
      const already = await browser.get(`/sign-in?back=${encodeURIComponent(back)}`);
      site.clock.advance(901_000);

      expect(page.text).not.to.match(/value="[^"]*evil/);
      for (const { headers } of [answer, already]) {
        expect(new URL(headers.location ?? "/", `https://${host}`).host).to.equal(host);
      }
    }
  });

  it("lead back to the page somebody signed in from", async () => {
    await site.signedIn(host, { mail: "e@mail.example" });
    const browser = site.browser(host);
    const { text } = await browser.get("/topics?x=1");
    const link = /href="(\/sign-in\?[^"]*)"/.exec(text)?.[1]?.replaceAll("&#x3D;", "=") ?? "";
    const page = await browser.get(link);

    expect(page.text).to.contain('name="back" value="/topics?x&#x3D;1"');
  });
});

describe("A deployment behind a proxy that ends TLS", function () {
  this.timeout(20_000);
  let site: Deployment;
  before(async () => {
    site = await aDeployment({ trustProxy: "loopback" });
    await site.city(host);
  });
  after(() => site.close());

  it("believes the proxy about the name that was asked for", async () => {
    const browser = aBrowser(site.port, "inside:8080");

    const plain = await browser.get("/", { "X-Forwarded-Host": host });
    const chained = await browser.get("/", { "X-Forwarded-Host": `${host}, inside` });
    const unknown = await browser.get("/", { "X-Forwarded-Host": "nowhere.example" });

    expect([plain, chained, unknown].map(({ status }) => status)).to.deep.equal([200, 200, 421]);
  });

  for (const proto of ["https", "http", ""]) {
    it(`signs people in when it says "${proto}" of the connection`, async () => {
      const said = proto === "" ? {} : { "X-Forwarded-Proto": proto };
      const member = await site.signedIn(host);

      expect(sessionOf(member)).not.to.equal("");
      expect((await member.get("/profile", said)).status).to.equal(200);
    });
  }
});
