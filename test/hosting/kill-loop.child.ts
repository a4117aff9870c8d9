import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";

const [dataDir = ""] = process.argv.slice(2);
const app = await createApp(loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: "silent" }));
await app.start();
const server = createServer(app.web).listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});
