import { readFileSync } from "node:fs";
import { join } from "node:path";

const numbers = (version) =>
  version
    .replace(/^[^\d]*/, "")
    .split(".")
    .map(Number);

/**
 * Says whether a Node version is at least the one asked for.
 * @param {string} version for example "20.19.0"
 * @param {string} range the `engines.node` of package.json, ">=major.minor.patch"
 */
export function isAtLeast(version, range) {
  const [have, want] = [numbers(version), numbers(range)];
  for (let i = 0; i < want.length; i += 1) {
    if (have[i] !== want[i]) return have[i] > want[i];
  }
  return true;
}

/**
 * Ends with a plain sentence when Node is older than package.json asks for.
 * @param {string} root the folder of package.json
 */
export function requireNode(root) {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (isAtLeast(process.versions.node, engines.node)) return;
  console.error(
    `Parvis needs Node.js ${engines.node.replace(">=", "")} or newer; this is ${process.versions.node}.\n` +
      "Install a current version from https://nodejs.org and start again.",
  );
  process.exit(1);
}
