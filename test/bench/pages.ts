import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { topics } from "../../src/features/topics/topics.js";
import type { Ctx } from "../../src/kit/index.js";
import { floorPageOf, type FloorPage } from "./floor-pages.js";
import { loadOn, type Load } from "./load.js";
import { freePort, processorMs, serve, type Served } from "./process.js";
import { sampleName } from "./sample.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown, importSample } from "./town.js";

interface Page {
  readonly name: string;
  readonly path: string;
}

interface Pair {
  readonly page: Page;
  readonly floor: FloorPage;
  readonly ours: Measured[];
  readonly bare: Measured[];
}

/** `cpuMs`: processor time that one page took, which other work on the machine disturbs less. */
interface Measured extends Load {
  readonly cpuMs: number;
}

const rounds = 5;
const seconds = 2;
const warmPages = 2_000;
const warmTries = 8;
const connections = 16;
const aim = 0.4;
const floorFile = fileURLToPath(new URL("floor.ts", import.meta.url));

/**
 * What our pages cost against the least that Express and Handlebars can do: both serve pages of the
 * same size in the same run, in turns, each on one core, the load on the other one.
 */
export async function benchPages(): Promise<void> {
  let pages: readonly Page[] = [];
  const town = await foundTown(async (ctx) => {
    await importSample(ctx);
    pages = await pagesOf(ctx);
  });
  const ours = await serve({
    ...{ command: [process.execPath, "dist/main.js"], core: 0 },
    ...{ env: town.env, port: town.port },
  });
  const folder = mkdtempSync(join(tmpdir(), "parvis-floor-"));
  try {
    const pairs = await Promise.all(pages.map(async (page) => pairOf(ours, page)));
    const floor = await startFloor(
      folder,
      pairs.map((pair) => pair.floor),
    );
    try {
      for (let round = 0; round <= rounds; round++) await playRound(pairs, ours, floor, round > 0);
    } finally {
      await floor.stop();
    }
    report(pairs);
  } finally {
    await ours.stop();
    town.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pagesOf(ctx: Ctx): Promise<Page[]> {
  const busiest = await ctx
    .collection(proposalsCollection)
    .find({ status: "accepted", origin: "here" }, { sort: { "counts.supports": -1 }, limit: 200 })
    .toArray();
  const discussed = busiest.find(({ counts }) => counts.comments >= 20) ?? busiest[0];
  const topic = (await topics(ctx))[3] ?? (await topics(ctx))[0];
  return [
    { name: "list of proposals", path: "/proposals" },
    { name: "… of one topic", path: `/proposals?topic=${topic?.slug}` },
    { name: "… by supports", path: "/proposals?sort=supported" },
    {
      name: `proposal, ${discussed?.counts.comments} comments`,
      path: `/proposals/${discussed?.number}`,
    },
    { name: "front page", path: "/" },
  ];
}

async function pairOf(ours: Served, page: Page): Promise<Pair> {
  const answer = await fetch(ours.origin + page.path);
  const html = await answer.text();
  if (answer.status !== 200) throw new Error(`${page.path} answered ${answer.status}`);
  return { page, floor: floorPageOf(html), ours: [], bare: [] };
}

async function startFloor(folder: string, pages: readonly FloorPage[]): Promise<Served> {
  const file = join(folder, "pages.json");
  writeFileSync(file, JSON.stringify(pages));
  const port = await freePort();
  const command = [process.execPath, "--import=tsx", floorFile, file, String(port)];
  return serve({ command, env: {}, port, core: 0 });
}

/** The first round warms both up until their code is compiled, and is not kept. */
async function playRound(
  pairs: readonly Pair[],
  ours: Served,
  floor: Served,
  kept: boolean,
): Promise<void> {
  for (const [index, pair] of pairs.entries()) {
    if (kept) {
      pair.bare.push(await measure(floor, `/${index}`));
      pair.ours.push(await measure(ours, pair.page.path));
    } else {
      await warmUp(floor, `/${index}`);
      await warmUp(ours, pair.page.path);
    }
  }
}

async function measure(served: Served, path: string): Promise<Measured> {
  const before = processorMs(served.pid);
  const load = await loadOn(1, { url: served.origin + path, seconds, connections });
  const cpuMs = (processorMs(served.pid) - before) / (load.perSecond * seconds);
  return { ...load, cpuMs };
}

async function warmUp(served: Served, path: string): Promise<void> {
  let pages = 0;
  for (let run = 0; run < warmTries && pages < warmPages; run++) {
    pages += (await measure(served, path)).perSecond * seconds;
  }
}

function report(pairs: readonly Pair[]): void {
  printTable(
    `Pages for a reader who is not signed in (${sampleName()}; medians of ${rounds} rounds)`,
    pairs.map(({ page, floor, ours, bare }) => {
      const of = (loads: readonly Measured[], what: keyof Measured): number =>
        median(loads.map((load) => load[what]));
      const ratios = ours.map((own, at) => own.perSecond / (bare[at]?.perSecond ?? Number.NaN));
      const failed = [...ours, ...bare].reduce((sum, load) => sum + load.failed, 0);
      return {
        page: page.name,
        kB: fixed(floor.bytes / 1024, 1),
        "of the floor": fixed(median(ratios), 2),
        "by processor time": fixed(of(bare, "cpuMs") / of(ours, "cpuMs"), 2),
        aim: `≥ ${fixed(aim, 2)}`,
        "pages/s": fixed(of(ours, "perSecond")),
        "floor/s": fixed(of(bare, "perSecond")),
        "cpu ms": fixed(of(ours, "cpuMs"), 2),
        "p50 ms": fixed(of(ours, "p50Ms"), 1),
        "p99 ms": fixed(of(ours, "p99Ms"), 1),
        failed: String(failed),
      };
    }),
  );
}
