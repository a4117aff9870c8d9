import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../src/bootstrap/install.mjs";
import { requireNode } from "../src/bootstrap/node-version.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

requireNode(root);
try {
  ensureInstalled(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { runTests } = await import("./run/runner.mjs");
process.exit(await runTests(root, process.argv.slice(2)));
