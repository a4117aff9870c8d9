import { createServer } from "node:http";
import { createApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";

/**
 * The whole application with its file on disk, its workers asleep: what is measured is reception,
 * durable and answered. The environment is that of `npm start`.
 */
const config = loadConfig({ ...process.env, LOG_LEVEL: "error" });
const app = await createApp(config);
await app.instances.create({
  ...{ origin: config.publicUrl, name: "Valmont", language: "fr", kind: "city" },
  setUpTokenHash: null,
});
const server = createServer(app.web);
server.listen(config.port, () => {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, msg: "listening" })}\n`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void app.close().then(() => process.exit(0));
});
