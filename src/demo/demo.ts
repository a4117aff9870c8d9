import type { RequestListener, Server } from "node:http";
import { createWebServer } from "../hosting/web-server.js";
import type { AddressInfo } from "node:net";
import { createApp, driversFor, type App } from "../app.js";
import { createLog } from "../hosting/log.js";
import type { Config } from "../config.js";
import type { DemoAccount } from "./accounts.js";
import {
  areLinked,
  ensureSites,
  fillAccounts,
  fillCity,
  linkSites,
  publishOne,
  type Sites,
} from "./sites.js";

/** A demonstration that runs. */
export interface Demo {
  readonly app: App;
  readonly sites: Sites;
  readonly accounts: readonly DemoAccount[];
  /** Whether both sites have accepted each other's link. */
  readonly linked: boolean;
  close(): Promise<void>;
}

/**
 * Run a city and an association in one process, told apart by the name they are asked under, linked
 * with each other by requests over loopback. What is there already is kept.
 * @param said told what is being done, in a few words
 */
export async function startDemo(config: Config, said: (words: string) => void): Promise<Demo> {
  const drivers = await driversFor(config, createLog(config));
  const app = await createApp(config, drivers);
  const server = createWebServer();
  try {
    const port = await listen(server, config, app.web);
    const sites = await ensureSites(app, port);
    said("Propositions de Barcelona (2016)…");
    await fillCity(app, sites.city);
    const { accounts, author } = await fillAccounts(app, sites, config.dataDir);
    await app.start();
    said("Lien entre les deux sites…");
    await linkSites(app, sites);
    const linked = await areLinked(app, sites, 20_000);
    if (author !== null) await publishOne(app, sites.association, author);
    return { app, sites, accounts, linked, close: () => stop(server, app) };
  } catch (error) {
    await stop(server, app);
    throw error;
  }
}

async function listen(server: Server, config: Config, handler: RequestListener): Promise<number> {
  server.on("request", handler);
  server.listen(config.port, config.bind ?? undefined);
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server, app: App): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), 2_000);
  await app.close();
  server.closeIdleConnections();
  await closed;
  clearTimeout(impatience);
}
