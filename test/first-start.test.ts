import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { App } from "../src/app.js";
import { loadConfig } from "../src/config.js";
import { createIds } from "../src/drivers/clock.js";
import { openSqliteStore } from "../src/drivers/store/sqlite.js";
import { firstStart } from "../src/first-start.js";
import { createInstances, hashToken, instanceIndexes } from "../src/hosting/instances.js";
import { keptSecret } from "../src/secret.js";
import { aClock } from "./support/city.js";

async function aRegister() {
  const clock = aClock();
  const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  await store.ensureIndexes("instances", instanceIndexes);
  const instances = createInstances(store, { clock, ids: createIds(clock) });
  return { instances, app: { instances } as App, close: () => store.close() };
}

const secret = "a secret of many characters, for tests alone";
const configured = (url: string, SECRET = secret) => loadConfig({ PUBLIC_URL: url, SECRET });
const tokenIn = (text: string | null) => /\/set-up\/(\S+)/.exec(text ?? "")?.[1] ?? "";

describe("The first start", () => {
  it("invites to set up the site by one link, whichever process prints it", async () => {
    const { app, instances, close } = await aRegister();
    const first = tokenIn(await firstStart(app, configured("http://localhost:3000")));

    const second = tokenIn(await firstStart(app, configured("http://localhost:3000")));

    const site = await instances.byHost("localhost");
    expect(second)
      .to.equal(first)
      .and.to.match(/^[\w-]{43}$/);
    expect(site?.setUpTokenHash).to.equal(hashToken(second));
    expect(await instances.count(10)).to.equal(1);
    await close();
  });

  it("gives no deployment the link of another one, nor two sites one link", async () => {
    const [one, other] = [await aRegister(), await aRegister()];
    const url = "http://localhost:3000";
    const link = tokenIn(await firstStart(one.app, configured(url)));
    const site = await one.instances.byHost("localhost");

    const elsewhere = tokenIn(await firstStart(other.app, configured(url)));
    const changed = tokenIn(await firstStart(one.app, configured(url, secret.toUpperCase())));

    expect(new Set([link, elsewhere, changed]).size).to.equal(3);
    const now = await one.instances.byId(site?._id ?? "");
    expect(now?.setUpTokenHash).to.equal(hashToken(changed));
    await one.close();
    await other.close();
  });

  it("follows a change of address until the site is set up, and not after", async () => {
    const { app, instances, close } = await aRegister();
    await firstStart(app, configured("http://localhost:3000"));

    const text = await firstStart(app, configured("https://parvis.example"));

    expect(text).to.contain("https://parvis.example/set-up/");
    const site = await instances.byHost("parvis.example");
    await instances.update(site?._id ?? "", { state: "active", setUpTokenHash: null });
    expect(await firstStart(app, configured("https://elsewhere.example"))).to.equal(null);
    expect(await instances.byHost("elsewhere.example")).to.equal(null);
    await close();
  });

  it("leaves alone a site that a command is just making", async () => {
    const { app, instances, close } = await aRegister();
    const made = { origin: "https://valmont.example", name: "Valmont", language: "fr" } as const;
    await instances.create({ ...made, kind: "city", state: "new", setUpTokenHash: null });

    const text = await firstStart(app, configured("https://parvis.example"));

    expect(text).to.equal(null);
    expect(await instances.byHost("valmont.example")).to.include({ origin: made.origin });
    await close();
  });

  it("makes one site when two processes start at once", async () => {
    const { app, instances, close } = await aRegister();
    const config = configured("http://localhost:3000");

    const texts = await Promise.all([firstStart(app, config), firstStart(app, config)]);

    expect(texts.filter((text) => text !== null)).to.have.length(2);
    expect(await instances.count(10)).to.equal(1);
    await close();
  });
});

describe("The deployment's secret", () => {
  it("is one for all who start at once, whole, and for its owner's eyes only", async () => {
    const dir = await mkdtemp(join(tmpdir(), "parvis-secret-"));

    const secrets = await Promise.all(Array.from({ length: 8 }, () => keptSecret(dir)));

    expect(new Set(secrets).size).to.equal(1);
    expect(secrets[0]).to.match(/^[0-9a-f]{64}$/);
    expect(await readdir(dir)).to.deep.equal(["secret"]);
    expect((await stat(join(dir, "secret"))).mode & 0o777).to.equal(0o600);
    await rm(dir, { recursive: true });
  });
});
