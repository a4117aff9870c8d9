import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";

const SOURCES = ["src", "views"];
const BY_THEMSELVES = ["package-lock.json", "tsconfig.json"];
/** What is started; everything else is reached from these. */
const ENTRIES = ["main.ts", "cli.ts", "ready.ts", "demo/main.ts", "hosting/build-assets.ts"];
/** Run from the sources, or read by people: nothing of these goes into dist. */
const NOT_BUILT = ["bootstrap", "browser", "decisions"];

/** Every file below a folder, depth first, in the order of the names. */
function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/**
 * A short text that changes whenever a source file is added, removed or written: made of names,
 * sizes and times, which is quick enough to do at every start.
 * @param {string} root the folder of package.json
 */
export function fingerprint(root) {
  const hash = createHash("sha256").update(process.versions.node);
  const single = BY_THEMSELVES.map((name) => join(root, name)).filter(existsSync);
  const files = SOURCES.flatMap((name) => [...filesUnder(join(root, name))]);
  for (const file of [...single, ...files]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/**
 * Bundles what can be started, with what they share in common pieces: a few files load much faster
 * than some three hundred. Packages stay outside. The other files are copied to their places.
 */
async function bundle(root, out) {
  const { build } = await import("esbuild");
  const src = join(root, "src");
  await build({
    entryPoints: ENTRIES.map((name) => join(src, name)).filter(existsSync),
    outdir: out,
    outbase: src,
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: true,
    logLevel: "silent",
  });
  const kept = [...filesUnder(src)].filter(
    (file) => !NOT_BUILT.includes(relative(src, file).split(sep)[0]) && !/\.(ts|md)$/.test(file),
  );
  for (const file of kept) {
    const copy = join(out, relative(src, file));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
}

/** The style sheets and browser scripts, made by the code that stands beside what serves them. */
async function assets(out) {
  const maker = join(out, "hosting", "build-assets.js");
  if (!existsSync(maker)) return;
  const { buildAssets } = await import(pathToFileURL(maker).href);
  await buildAssets(join(out, "hosting", "assets"));
}

/** Removes what builds that were killed have left behind; a build that still runs keeps its own. */
function sweep(root) {
  for (const name of readdirSync(root).filter((entry) => /^\.dist-(?:new|old)-\d+$/.test(entry))) {
    try {
      process.kill(Number(name.split("-").at(-1)), 0);
    } catch {
      rmSync(join(root, name), { recursive: true, force: true });
    }
  }
}

/** Puts the new tree in the place of the old one. */
function swap(root, fresh, dist) {
  const old = join(root, `.dist-old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/**
 * Builds dist/ when a source has changed since the last build. The new tree is made aside and moved
 * into place whole, so that an interrupted or failed build leaves the last good one.
 * @param {string} root the folder of package.json
 * @throws Error in plain words when a source cannot be built
 */
export async function ensureBuilt(root) {
  const dist = join(root, "dist");
  const stamp = join(dist, ".built");
  const wanted = fingerprint(root);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Building…");
  sweep(root);
  const fresh = join(root, `.dist-new-${process.pid}`);
  try {
    await bundle(root, fresh);
    await assets(fresh);
    writeFileSync(join(fresh, ".built"), wanted);
    swap(root, fresh, dist);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`Could not build Parvis.\n${cause.message}`, { cause });
  }
}
