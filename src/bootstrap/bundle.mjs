/** Builds dist/ with the packages that are there: for images and servers, which install without those of development. */
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./build.mjs";
import { requireNode } from "./node-version.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

requireNode(root);
try {
  await ensureBuilt(root);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
