import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { importProposals, type ImportReport } from "../../src/features/imports/imports.js";
import type { Ctx } from "../../src/kit/index.js";
import { embedded, type Engine } from "./engines.js";
import { freePort } from "./process.js";
import { sampleLines } from "./sample.js";

/** A town's folder on disk, ready to be served. */
export interface Town {
  readonly dataDir: string;
  readonly port: number;
  /** What a server of this town finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** An instance in a folder of its own; `fill` puts its life in before anything is measured. */
export async function foundTown(
  fill: (ctx: Ctx, app: App) => Promise<void>,
  engine: Engine = embedded,
): Promise<Town> {
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-bench-"));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const place = { DATA_DIR: dataDir, PORT: String(port), PUBLIC_URL: origin };
  const env = { ...place, LOG_LEVEL: "info", ...engine.env };
  const app = await createApp(loadConfig({ ...env, LOG_LEVEL: "error" }));
  const instance = await app.instances.create({
    ...{ origin, name: "Valmont", language: "fr", kind: "city", setUpTokenHash: null },
  });
  await fill(app.contexts({ instance, member: null, language: "fr" }), app);
  await app.close();
  return { dataDir, port, env, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** Import the whole sample; returns what came in and how long it took. */
export async function importSample(ctx: Ctx): Promise<{ report: ImportReport; ms: number }> {
  const began = performance.now();
  const report = await importProposals(ctx, sampleLines(), { source: "bench" });
  return { report, ms: performance.now() - began };
}
