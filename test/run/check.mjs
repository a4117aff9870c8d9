/** Types, lint, formatting, house rules and the arrows between folders, side by side; quiet where all is well. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { ensureInstalled } from "../../src/bootstrap/install.mjs";
import { requireNode } from "../../src/bootstrap/node-version.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tool = (name, file) => join(root, "node_modules", name, file);

const CHECKS = [
  { name: "types", run: [tool("typescript", "bin/tsc"), "-p", "."] },
  { name: "types in the browser", run: [tool("typescript", "bin/tsc"), "-p", "src/browser"] },
  {
    name: "lint",
    run: [tool("oxlint", "bin/oxlint"), "--type-aware", "--deny-warnings", "src", "test"],
  },
  {
    name: "format",
    run: [
      tool("prettier", "bin/prettier.cjs"),
      "--check",
      "--log-level=warn",
      "--no-error-on-unmatched-pattern",
      "src",
      "test",
      "{docker,deploy}/**/*.{json,yml,yaml,ts,mjs}",
      "*.{json,cjs,mjs,ts}",
    ],
  },
  {
    name: "arrows",
    run: [
      tool("dependency-cruiser", "bin/dependency-cruise.mjs"),
      "--config",
      ".dependency-cruiser.cjs",
      "src",
    ],
  },
  { name: "house rules", run: ["test/run.mjs", "test/bootstrap/house-rules.test.ts"] },
].filter(
  ({ name }) =>
    name !== "types in the browser" || existsSync(join(root, "src/browser/tsconfig.json")),
);

function perform({ name, run }) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, run, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const hear = (chunk) => (said += chunk);
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("close", (code) => {
      const ms = performance.now() - started;
      console.log(`${code === 0 ? "✔" : "✘"} ${name} (${(ms / 1000).toFixed(1)} s)`);
      if (code !== 0) console.log(stripVTControlCharacters(said).trimEnd().replace(/^/gm, "  "));
      resolve(code === 0);
    });
  });
}

requireNode(root);
try {
  ensureInstalled(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const outcomes = await Promise.all(CHECKS.map(perform));
const failed = outcomes.filter((well) => !well).length;
console.log(failed === 0 ? "All checks passed." : `${failed} of ${outcomes.length} checks failed.`);
process.exit(failed === 0 ? 0 : 1);
