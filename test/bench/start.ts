import { spawnSync } from "node:child_process";
import { residentMb, root, serve } from "./process.js";
import { sampleName } from "./sample.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown, importSample } from "./town.js";

const starts = 5;
const npm = ["npm", "start", "--silent"];

/** Parts that are loaded on first need, so that a small server does not carry them from the start. */
const lazy = [
  ["MongoDB's driver", "mongodb"],
  ["outgoing connections", "undici"],
  ["cleaning of foreign HTML", "sanitize-html"],
  ["the builder", "esbuild"],
] as const;

/** How soon an instance is there, what memory it takes, and how long an import lasts. */
export async function benchStart(): Promise<void> {
  let importMs = 0;
  let comments = 0;
  const town = await foundTown(async (ctx) => {
    const { ms, report } = await importSample(ctx);
    [importMs, comments] = [ms, report.comments];
  });
  const times: number[] = [];
  const memory: number[] = [];
  try {
    for (let run = 0; run <= starts; run++) {
      const served = await serve({ command: npm, env: town.env, port: town.port, core: null });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if (run > 0) times.push(served.startMs);
      memory.push(residentMb(served.pid) ?? Number.NaN);
      await served.stop();
    }
  } finally {
    town.remove();
  }
  printTable("From nothing to a town that lives", [
    row("second start: npm to listening", `${fixed(median(times))} ms`, "< 2,000 ms"),
    row("resident memory after the start", `${fixed(median(memory))} MB`, "< 150 MB"),
    row(
      `import: ${sampleName()}, ${comments} comments`,
      `${fixed(importMs / 1000, 1)} s`,
      "< 60 s",
    ),
  ]);
  printTable("Loaded on first need only", lazy.map(weigh));
}

function row(what: string, measured: string, aim: string) {
  return { what, measured, aim };
}

/** What a package adds to a bare Node process that loads it. */
function weigh([what, name]: (typeof lazy)[number]) {
  const script = `
    const before = process.memoryUsage().rss, began = performance.now();
    await import(${JSON.stringify(name)});
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    console.log(JSON.stringify({ grown, ms: performance.now() - began }));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
  });
  const { grown, ms } = JSON.parse(stdout) as { grown: number; ms: number };
  return { what, package: name, MB: fixed(grown, 1), ms: fixed(ms) };
}
