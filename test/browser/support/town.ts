import { createServer, type Server } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, type App } from "../../../src/app.js";
import { loadConfig } from "../../../src/config.js";
import { firstStart } from "../../../src/first-start.js";

/** The real application on a port of its own, with nothing in it yet. */
export interface Town {
  readonly app: App;
  readonly origin: string;
  /** Folder in which mails that nobody sent are kept. */
  readonly mailDir: string;
  /** Path of the page that sets the town up. */
  readonly invitation: string;
  /** Wait until every job that is due is done. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Start the application as `npm start` does, on a free port. Close it in `after`. */
export async function aTown(): Promise<Town> {
  const dataDir = await mkdtemp(join(tmpdir(), "parvis-town-"));
  const { server, origin, answerWith } = await listening();
  const config = loadConfig({
    ...{ PUBLIC_URL: origin, DATA_DIR: dataDir, LOG_LEVEL: process.env["TEST_LOG"] ?? "silent" },
    FEDERATION_PRIVATE_ADDRESSES: "true",
  });
  const app = await createApp(config);
  const printed = (await firstStart(app, config)) ?? "";
  answerWith(app);
  await app.start();
  return {
    ...{ app, origin, mailDir: join(dataDir, "mail") },
    invitation: /\/set-up\/\S+/.exec(printed)?.[0] ?? "",
    async settle() {
      await app.drivers.queue.idle();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function listening() {
  let web: App["web"] | null = null;
  const server: Server = createServer((req, res) => {
    if (web === null) res.writeHead(503).end();
    else web(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const answerWith = (app: App): void => {
    web = app.web;
  };
  return { server, origin, answerWith };
}
