import type { Server } from "node:http";
import { createApp, driversFor, type App } from "./app.js";
import { ConfigError, environmentWithFile, loadConfig } from "./config.js";
import { StoreInUse } from "./drivers/store/collection.js";
import { rememberSecret } from "./drivers/store/deployment-secret.js";
import { CopyUnderWay } from "./drivers/store/unfinished.js";
import { firstStart } from "./first-start.js";
import { healthOnly } from "./hosting/health.js";
import { createWebServer } from "./hosting/web-server.js";
import { secretOf } from "./secret.js";

const unknownSecret =
  "another SECRET than before: whoever was signed in has to sign in again. Processes that serve one " +
  "deployment need the same SECRET, or the same DATA_DIR, or they sign people out of each other";

/** Serve until a signal asks to stop; one that comes before all is up is heeded once it is. */
async function main(): Promise<void> {
  const stopAsked = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve).once("SIGINT", resolve);
  });
  const config = loadConfig(environmentWithFile());
  const drivers = await driversFor(config);
  const app = await createApp(config, drivers);
  if (config.role !== "worker" && !(await rememberSecret(drivers.store, await secretOf(config)))) {
    drivers.log.warn(unknownSecret);
  }
  const invitation = config.role === "worker" ? null : await firstStart(app, config);
  const server = createWebServer(
    config.role === "worker" ? healthOnly(app.health, app.metrics) : app.web,
  );
  server.listen(config.port, config.bind ?? undefined);
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  await app.start();
  drivers.log.info({ port: config.port, url: config.publicUrl, role: config.role }, "listening");
  if (invitation !== null) process.stdout.write(invitation);
  void stopAsked.then(() => stop(app, server));
}

/** Take no more requests, finish what is under way, and end the process. */
async function stop({ drivers, close }: App, server: Server): Promise<never> {
  drivers.log.info("stopping");
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 3_000).unref();
  try {
    await closed;
    await close();
    return process.exit(0);
  } catch (error) {
    drivers.log.error({ err: error }, "did not stop cleanly");
    return process.exit(1);
  }
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    process.stderr.write(`The configuration needs a correction:\n${error.message}\n`);
  } else {
    process.stderr.write(`Parvis could not start: ${plain(error)}\n`);
  }
  process.exit(1);
});

function plain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE") return "the port is in use already.";
  if (error.name.startsWith("Mongo")) return `MongoDB, as MONGODB_URL names it: ${error.message}`;
  if (error instanceof StoreInUse || error instanceof CopyUnderWay) return `${error.message}.`;
  return error.stack ?? error.message;
}
