import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../../src/bootstrap/install.mjs";

/** What tests may ask of the machine: the setting that names it, where it is, where it comes from. */
const PROGRAMS = {
  chromium: {
    setting: "PARVIS_TEST_CHROMIUM",
    names: ["chromium", "chromium-browser", "google-chrome"],
    packages: ["chromium", "fonts-dejavu-core"],
  },
  redis: {
    setting: "PARVIS_TEST_REDIS",
    names: ["redis-server"],
    packages: ["redis-server"],
  },
};

/** Packages of others that only tests need, each set in a folder with a lock of its own. */
const PACKAGES = {
  peers: {
    setting: "PARVIS_TEST_PEERS",
    folder: fileURLToPath(new URL("../federation/peers", import.meta.url)),
    what: "the software of others that the tests of federation talk with",
  },
};

function onPath(names) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin"];
  for (const file of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

const mayInstall = () =>
  process.getuid?.() === 0 && existsSync("/etc/debian_version") && onPath(["apt-get"]) !== null;

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", ["-qq", ...args], { env, stdio: "ignore", timeout: 300_000 });
}

/** The folder of a set of packages, installed where it was not; null where it could not be. */
function installed({ folder, what }) {
  try {
    ensureInstalled(folder, `Installing ${what}…`);
    return folder;
  } catch {
    return null;
  }
}

/**
 * Finds, or on Debian as root installs, the programs that the chosen tests say they need, installs the
 * packages that only they use, and names each in the environment that the tests get. What cannot be
 * had is left out: `needs()` then skips.
 * @param {string[]} files the chosen test files
 * @param {boolean} onServers whether all of them need the program of Redis, since they run on one started for them
 * @returns {Record<string, string>} settings for the tests
 */
export function provide(files, onServers = false) {
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const settings = {};
  let updated = false;
  for (const [name, { setting, names, packages }] of Object.entries(PROGRAMS)) {
    const isWanted = text.includes(`needs("${name}")`) || (onServers && name === "redis");
    if (process.env[setting] || !isWanted) continue;
    if (!onPath(names) && mayInstall()) {
      console.log(`Installing ${name} for the tests…`);
      if (!updated) apt(["update"]);
      updated = true;
      apt(["install", "-y", "--no-install-recommends", ...packages]);
    }
    const found = onPath(names);
    if (found) settings[setting] = found;
  }
  for (const [name, wanted] of Object.entries(PACKAGES)) {
    if (process.env[wanted.setting] || !text.includes(`needs("${name}")`)) continue;
    const folder = installed(wanted);
    if (folder !== null) settings[wanted.setting] = folder;
  }
  return settings;
}
