import { request } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadMember } from "../../src/features/accounts/accounts.js";
import { loadConfig } from "../../src/config.js";
import { actingFor } from "../../src/cli/deployment.js";
import { startDemo, type Demo } from "../../src/demo/demo.js";
import { pickSample } from "../../src/demo/make-sample.js";
import { OtherPort } from "../../src/demo/sites.js";
import { recognise } from "../../src/features/accounts/registration.js";
import { accountsCollection } from "../../src/features/accounts/accounts.js";
import { readRow } from "../../src/features/imports/row.js";
import { peopleCollection } from "../../src/features/people/people.js";
import { listProposals } from "../../src/features/proposals/listing.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import type { Instance } from "../../src/kit/index.js";
import { until } from "../drivers/queue.conformance.js";

const sample = fileURLToPath(new URL("../../src/demo/sample.ndjson.gz", import.meta.url));

/** Ask as a browser would that knows where `*.localhost` is. */
function get(instance: Instance, path: string): Promise<{ status: number; body: string }> {
  const { host, port } = new URL(instance.origin);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers: { host, accept: "text/html" } };
    const asked = request({ ...options, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject).end();
  });
}

describe("the demonstration", function () {
  this.timeout(120_000);
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-demo-"));
  const start = (port: string): Promise<Demo> =>
    startDemo(
      loadConfig({
        ...{ DATA_DIR: dataDir, PORT: port, HOST: "127.0.0.1", LOG_LEVEL: "fatal" },
        FEDERATION_PRIVATE_ADDRESSES: "true",
      }),
      () => undefined,
    );
  let demo: Demo;

  before(async () => {
    demo = await start("0");
  });
  after(async () => {
    await demo.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("serves a city and an association in one process, told apart by their names", async () => {
    const { city, association } = demo.sites;

    const [cityPage, associationPage] = [await get(city, "/"), await get(association, "/")];

    expect([cityPage.status, associationPage.status]).to.deep.equal([200, 200]);
    expect(cityPage.body).to.include("Barcelona 2016 (démonstration)");
    expect(associationPage.body).to.include("Vélo pour tous (démonstration)");
    expect(associationPage.body).to.not.include("Barcelona 2016 (démonstration)</title>");
  });

  it("holds three hundred real proposals, answered and discussed", async () => {
    const ctx = actingFor(demo.app, demo.sites.city);

    const all = ctx.collection(proposalsCollection);
    const { items } = await listProposals(ctx, { sort: "supported", limit: 5 });

    expect(await all.countDocuments({ origin: "here" })).to.equal(300);
    expect(items[0]?.counts.supports).to.be.greaterThan(100);
    for (const { number } of items) {
      expect((await get(demo.sites.city, `/proposals/${number}`)).status).to.equal(200);
    }
  });

  it("lets every demonstration account sign in, and names nobody", async () => {
    for (const { site, mail, password, name, roles } of demo.accounts) {
      const ctx = actingFor(demo.app, demo.sites[site]);
      const account = await recognise(ctx, mail, password, "127.0.0.1");
      const person = await ctx.collection(peopleCollection).findOne({ _id: account._id });

      expect((await loadMember(ctx, account._id))?.roles).to.deep.equal(roles);
      expect(person?.name).to.equal(name).and.include("démonstration");
    }
  });

  it("shows the association's proposal in the city within seconds of publishing", async () => {
    const ctx = actingFor(demo.app, demo.sites.city);
    let titles: string[] = [];
    await until(async () => {
      const found = await listProposals(ctx, { from: "elsewhere", sort: "recent", limit: 5 });
      titles = found.items.map(({ title }) => title);
      return titles.length > 0;
    });

    expect(demo.linked).to.equal(true);
    expect(titles).to.deep.equal(["Des arceaux à vélos devant chaque école"]);
    const page = await get(demo.sites.city, "/proposals?from=elsewhere");
    expect(page.body).to.include("Des arceaux à vélos devant chaque école");
  });

  it("starts again on what it has, with the same passwords, and only on its own port", async () => {
    const before = demo.accounts;
    const { port } = new URL(demo.sites.city.origin);
    await demo.close();

    const elsewhere = await start("0").then(
      () => null,
      (error: unknown) => error,
    );
    demo = await start(port);

    expect(elsewhere).to.be.instanceOf(OtherPort);
    expect(demo.accounts).to.deep.equal(before);
    for (const [site, count] of [
      ["city", 3],
      ["association", 2],
    ] as const) {
      const ctx = actingFor(demo.app, demo.sites[site]);
      expect(await ctx.collection(accountsCollection).countDocuments({})).to.equal(count);
      const all = ctx.collection(proposalsCollection);
      const ours = await all.countDocuments({ origin: "here" });
      expect(ours).to.equal(site === "city" ? 300 : 1);
    }
  });
});

describe("the demonstration's sample", () => {
  const lines = gunzipSync(readFileSync(sample))
    .toString("utf8")
    .trim()
    .split("\n")
    .flatMap((text) => {
      const read = readRow(text);
      return "row" in read ? [{ text, row: read.row }] : [];
    });

  it("is readable to the last line, and has every theme, both outcomes and long discussions", () => {
    expect(lines).to.have.length(300);
    expect(new Set(lines.map(({ row }) => row.subcategory)).size).to.equal(29);
    const rejected = lines.filter(({ row }) => row.status === "rejected").length;
    expect(rejected).to.be.within(75, 225);
    expect(Math.max(...lines.map(({ row }) => row.comments.length))).to.be.greaterThan(50);
  });

  it("is chosen the same way whatever the order of the lines", () => {
    const turned = [...lines].reverse();

    expect(pickSample(turned)).to.deep.equal(pickSample(lines));
  });
});
