import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const digest = (text) => createHash("sha256").update(text).digest("hex");
const readIfThere = (file) => (existsSync(file) ? readFileSync(file, "utf8") : null);

/** Whether node_modules holds every package of the lock, as npm itself noted it there. */
function holdsAll(lock, installed) {
  const there = JSON.parse(installed).packages ?? {};
  return Object.entries(JSON.parse(lock).packages ?? {}).every(([path, wanted]) => {
    if (path === "") return true;
    const found = there[path];
    if (!found) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Runs the npm that started us, or else the one on the path; its output is kept for failures. */
function npm(root, args) {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith("js") ? [process.execPath, [own]] : ["npm", []];
  return spawnSync(command, [...first, ...args, "--include=dev", "--no-audit", "--no-fund"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: command === "npm" && process.platform === "win32",
  });
}

/**
 * Installs the packages of package-lock.json where they are missing; needs no network otherwise.
 * The lock's hash, stamped into node_modules, makes the usual answer one small read.
 * @param {string} root the folder of package.json
 * @param {string} [first] what is said when nothing is installed yet
 * @throws Error in plain words when npm could not install
 */
export function ensureInstalled(root, first = "Installing (first start only)…") {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = join(root, "node_modules", ".parvis-installed");
  const wanted = digest(lock);
  if (readIfThere(stamp) === wanted) return;
  const noted = join(root, "node_modules", ".package-lock.json");
  const installed = readIfThere(noted);
  if (installed === null || !holdsAll(lock, installed)) {
    console.log(installed === null ? first : "Installing what has changed…");
    // "npm ci" empties node_modules first, so it is kept for the first time: a
    // server that is running from this folder goes on finding its packages.
    const args = installed === null ? ["ci"] : ["install", "--no-save"];
    const done = npm(root, args);
    if (done.error || done.status !== 0) {
      const all = (done.error?.message ?? (done.stderr || done.stdout || "")).trim();
      const said = all.split("\n").slice(0, 12).join("\n");
      throw new Error(
        `Could not install the packages Parvis needs. Is the npm registry reachable?\n${said}`,
      );
    }
  }
  writeFileSync(stamp, wanted);
}
