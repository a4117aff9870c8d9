import { createApp, driversFor } from "./app.js";
import { ConfigError, environmentWithFile, loadConfig } from "./config.js";
import { firstStart } from "./first-start.js";
import { healthOnly } from "./hosting/health.js";
import { createWebServer } from "./hosting/web-server.js";

/** Serve until a signal asks to stop. */
async function main(): Promise<void> {
  const config = loadConfig(environmentWithFile());
  const drivers = await driversFor(config);
  const app = await createApp(config, drivers);
  const invitation = config.role === "worker" ? null : await firstStart(app, config);
  const server = createWebServer(config.role === "worker" ? healthOnly(app.health) : app.web);
  server.listen(config.port, config.bind ?? undefined);
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  await app.start();
  drivers.log.info({ port: config.port, url: config.publicUrl, role: config.role }, "listening");
  if (invitation !== null) process.stdout.write(invitation);

  const stop = (): void => {
    drivers.log.info("stopping");
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 3_000).unref();
    closed
      .then(() => app.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          drivers.log.error({ err: error }, "did not stop cleanly");
          process.exit(1);
        },
      );
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
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
  return error.stack ?? error.message;
}
