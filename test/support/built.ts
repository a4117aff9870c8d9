import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { engineName } from "./engine.js";

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
 * to start and run slower than what people run. Returns the file to hand to Node.
 */
export async function builtChild(source: URL): Promise<string> {
  const file = fileURLToPath(source);
  const { outputFiles } = await build({
    ...{ entryPoints: [file], bundle: true, packages: "external", plugins: [ownAddresses] },
    // Whatever is bundled loads its packages at the start, wanted or not: the servers' are slow.
    external: engineName === "servers" ? [] : ["./servers.js"],
    ...{ format: "esm", platform: "node", target: "node20.19", sourcemap: "inline" },
    ...{ write: false, logLevel: "silent" },
  });
  mkdirSync(cache, { recursive: true });
  const built = join(cache, `${basename(file, ".ts")}.js`);
  // In one step, for several processes may build the same at once.
  const unfinished = `${built}.${process.pid}`;
  writeFileSync(unfinished, outputFiles[0]?.contents ?? "");
  renameSync(unfinished, built);
  return built;
}
