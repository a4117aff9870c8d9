import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { requireNode } from "./node-version.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [entry, ...rest] = process.argv.slice(2);

requireNode(root);
try {
  ensureInstalled(root);
  await ensureBuilt(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
if (entry) {
  const file = join(root, "dist", `${entry}.js`);
  if (!existsSync(file)) {
    console.error(`There is no "${entry}" to start.`);
    process.exit(1);
  }
  // What is started sees the arguments as if it had been run directly.
  process.argv.splice(1, Infinity, file, ...rest);
  await import(pathToFileURL(file).href);
}
