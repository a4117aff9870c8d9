import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { createApp, driversFor, version, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { features } from "../../src/features.js";
import { migrations } from "../../src/migrations/run.js";
import {
  defineCollection,
  defineEvent,
  defineFeature,
  on,
  type Ctx,
  type Instance,
} from "../../src/kit/index.js";
import { embeddedOnly } from "../support/engine.js";
import { needsLinux } from "../support/needs.js";
import { goneOwner, onlyLinuxTells } from "../support/owners.js";

const origin = "http://valmont.localhost:3000";
const answered = defineEvent("trial-answered", z.object({ id: z.string() }));
const answers = defineCollection<{ readonly _id: string }>("trial_answers", []);

describe("An answer that one process writes when another one starts on the same file", function () {
  this.timeout(60_000);
  embeddedOnly("several processes on one file");
  let dataDir: string;
  let open: App[];
  let web: App;
  let instance: Instance;
  /** Of each time that people were to be told: whether the answer was there. */
  let told: boolean[];

  const opened = async (role: string): Promise<App> => {
    const tell = on(answered, "tell", async (ctx, { id }) => {
      told.push((await ctx.collection(answers).findOne({ _id: id })) !== null);
    });
    const feature = defineFeature({ name: "trial", collections: [answers], on: [tell] });
    const config = loadConfig({ DATA_DIR: dataDir, ROLE: role, LOG_LEVEL: "silent" });
    const release = { version, features: [...features, feature], migrations };
    const app = await createApp(config, await driversFor(config), release);
    open.push(app);
    return app;
  };
  const starting = async (role: string): Promise<App> => {
    const app = await opened(role);
    await app.start();
    await app.drivers.queue.idle();
    return app;
  };
  const visitor = (): Ctx => web.contexts({ instance, member: null, language: "fr" });
  const write = () => visitor().collection(answers).insertOne({ _id: "answer" });

  beforeEach(async () => {
    [open, told] = [[], []];
    dataDir = mkdtempSync(join(tmpdir(), "parvis-sweep-"));
    web = await opened("web");
    instance = await web.instances.create({
      ...{ origin, name: "Valmont", language: "fr", kind: "city", setUpTokenHash: null },
    });
  });
  afterEach(async () => {
    for (const app of open.reverse()) await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("is told once it is there, and not before", async () => {
    await visitor().commit(answered, { id: "answer" }, async () => {
      await starting("worker");
      expect(told).to.deep.equal([]);
      await write();
    });
    await open.at(-1)?.drivers.queue.idle();

    expect(told).to.deep.equal([true]);
  });

  it("is told at once when the one that wrote it was killed", async function () {
    needsLinux(this, onlyLinuxTells);
    const dying = new Error("killed before it could say so");
    const outcome: unknown = await visitor()
      .commit(answered, { id: "answer" }, async () => {
        await write();
        throw dying;
      })
      .catch((error: unknown) => error);
    expect(outcome).to.equal(dying);
    const intents = web.drivers.store.collection<{ _id: string; owner?: string }>("intents");
    await intents.updateMany({}, { $set: { owner: goneOwner() } });

    await starting("worker");

    expect(told).to.deep.equal([true]);
  });
});
