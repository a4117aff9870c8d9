import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createApp, driversFor } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import type { Pace, Places, Queue } from "../../src/drivers/queue/queue.js";
import { createReaders } from "../../src/hosting/readers.js";
import { until } from "../drivers/queue.conformance.js";

describe("those who read pages", () => {
  const closing: Array<() => unknown> = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** A whole city, and how its deliveries would begin now. */
  async function aCity(): Promise<{ origin: string; paceNow(): Pace | null | undefined }> {
    const dataDir = mkdtempSync(join(tmpdir(), "parvis-readers-"));
    closing.push(() => rmSync(dataDir, { recursive: true }));
    const config = loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: "silent" });
    const drivers = await driversFor(config);
    const told = new Map<string, number | Places>();
    const process: Queue["process"] = (name, places, run) => {
      told.set(name, places);
      drivers.queue.process(name, places, run);
    };
    const app = await createApp(config, { ...drivers, queue: { ...drivers.queue, process } });
    await app.start();
    closing.unshift(() => app.close());
    const server = createServer(app.web).listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.unshift(() => server.close().closeAllConnections());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await app.instances.create({
      ...{ origin, name: "Valmont", language: "fr", kind: "city", setUpTokenHash: null },
    });
    const places = told.get("delivery");
    return {
      origin,
      paceNow: () => (typeof places === "object" ? places.pace?.() : undefined),
    };
  }

  it("are let pass by the deliveries of their city, and other servers' letters are not", async () => {
    const { origin, paceNow } = await aCity();
    const letter = { "content-type": "application/activity+json" };
    await fetch(`${origin}/inbox`, { method: "POST", body: "{}", headers: letter });
    const before = paceNow();

    await until(async () => {
      await fetch(`${origin}/proposals`);
      return paceNow() !== null;
    });

    expect(before).to.equal(null);
    expect(paceNow()?.together ?? 1).to.be.below(10);
  });

  it("are gone a moment after their last page", () => {
    let time = 5_000;
    const readers = createReaders(() => time);

    const never = readers.areThere();
    readers.came();
    time += 1_000;
    const soon = readers.areThere();
    time += 60_000;

    expect([never, soon, readers.areThere()]).to.deep.equal([false, true, false]);
  });
});
