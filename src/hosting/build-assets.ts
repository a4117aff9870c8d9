import { mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { iconKinds } from "./views/actor-icons.js";
import { build, type BuildOptions } from "esbuild";

/** Logical name (`main.css`) to the name with its content hash (`main-3F2A.css`). */
export type AssetManifest = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a page may ask for by its logical name; an entry that is not written yet is left out. */
const entries = [
  join(root, "views/assets/styles/main.css"),
  join(root, "src/browser/main.ts"),
  join(root, "src/browser/map.ts"),
  join(root, "src/browser/widget.ts"),
  join(root, "views/assets/favicon.svg"),
  ...iconKinds.map((kind) => join(root, `views/assets/actors/${kind}.png`)),
];

/**
 * Bundle and minify styles, browser modules and fonts into `outDir`, emptied first, each under
 * a name that holds a hash of its content, with a `manifest.json`. Needs esbuild; serving does not.
 */
export async function buildAssets(outDir: string): Promise<AssetManifest> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const { metafile } = await build({ ...options(outDir), metafile: true });
  const manifest: Record<string, string> = {};
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined) continue;
    const logical = basename(entryPoint).replace(/\.ts$/, ".js");
    manifest[logical] = relative(outDir, join(root, file)).split(sep).join("/");
  }
  await writeFile(join(outDir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function options(outDir: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: entries.filter((entry) => existsSync(entry)),
    outdir: outDir,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: ["es2020", "chrome90", "firefox90", "safari15"],
    loader: { ".woff2": "file", ".svg": "copy", ".png": "copy" },
    legalComments: "none",
    logLevel: "silent",
  };
}
