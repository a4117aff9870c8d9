import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../src/bootstrap/install.mjs";
import { requireNode } from "../src/bootstrap/node-version.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

requireNode(root);
try {
  ensureInstalled(root);
  const { runTests } = await import("./run/runner.mjs");
  process.exitCode = await runTests(root, process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
