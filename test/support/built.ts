import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, "node_modules", ".cache", "parvis-tests");

/** Lets every file know itself under its own address, not under that of the bundle it ends up in. */
const ownAddresses: Plugin = {
  name: "own-addresses",
  setup(bundle) {
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: "ts",
    }));
  },
};

/**
 * Bundle a program that a test starts as a process of its own; from its sources it would take seconds
 * to start and run slower than what people run. What it imports only when it needs it stays apart, as
 * in what people run. Returns the file to hand to Node.
 */
export async function builtChild(source: URL): Promise<string> {
  const file = fileURLToPath(source);
  const name = basename(file, ".ts");
  const outdir = join(cache, relative(root, dirname(file)), name);
  const { outputFiles } = await build({
    ...{ entryPoints: [file], bundle: true, packages: "external", plugins: [ownAddresses] },
    ...{ outdir, splitting: true, sourcemap: "linked", write: false, logLevel: "silent" },
    ...{ format: "esm", platform: "node", target: "node20.19" },
  });
  const built = join(outdir, `${name}.js`);
  mkdirSync(outdir, { recursive: true });
  // The program comes last and each file in one step, for several processes may build the same at once.
  const isLast = (path: string): number => Number(path === built);
  for (const { path, contents } of outputFiles.sort((a, b) => isLast(a.path) - isLast(b.path))) {
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, contents);
    renameSync(unfinished, path);
  }
  removeOlder(outdir, new Set(outputFiles.map(({ path }) => path)));
  return built;
}

/** Remove what builds of other sources left behind, once no run can still be at it. */
function removeOlder(folder: string, kept: ReadonlySet<string>): void {
  const aDayAgo = Date.now() - 86_400_000;
  for (const path of readdirSync(folder).map((name) => join(folder, name))) {
    const isOld = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? aDayAgo) < aDayAgo;
    if (isOld && !kept.has(path)) rmSync(path, { force: true });
  }
}
