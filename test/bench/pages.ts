import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { topics } from "../../src/features/topics/topics.js";
import type { Ctx } from "../../src/kit/index.js";
import { floorPageOf, type FloorPage } from "./floor-pages.js";
import { loadOn, type Load } from "./load.js";
import { openServers } from "./engines.js";
import { application, freePort, processorMs, serve, type Served } from "./process.js";
import { sampleName } from "./sample.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown, importSample, type Town } from "./town.js";
import { writeOnAndOn } from "./writer.js";

interface Page {
  readonly name: string;
  readonly path: string;
}

interface Pair {
  readonly page: Page;
  readonly floor: FloorPage;
  readonly bare: Measured[];
  /** While nothing is written. */
  readonly calm: Measured[];
  /** While another process writes a row of the page every second. */
  readonly busy: Measured[];
  /** On MongoDB and Redis, while nothing is written. */
  readonly onServers: Measured[];
  /** Milliseconds of answers that nobody had asked for before. */
  readonly anew: number[];
  readonly anewOnServers: number[];
}

/** `cpuMs`: processor time that one page took, which other work on the machine disturbs less. */
interface Measured extends Load {
  readonly cpuMs: number;
}

const rounds = 5;
const anewPages = 60;
const anewPagesOnServers = 12;
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
  const ours = await serveTown(town);
  const servers = await openOnServers();
  const folder = mkdtempSync(join(tmpdir(), "parvis-floor-"));
  try {
    const pairs = await Promise.all(pages.map(async (page) => pairOf(ours, page)));
    const floor = await startFloor(
      folder,
      pairs.map((pair) => pair.floor),
    );
    try {
      for (const [index, pair] of pairs.entries()) {
        await warmUp(floor, `/${index}`);
        await warmUp(ours, pair.page.path);
        if (servers !== null) await warmUp(servers.served, pair.page.path);
      }
      for (let round = 0; round < rounds; round++) {
        await playRound(pairs, { ours, floor, town, onServers: servers?.served ?? null });
      }
    } finally {
      await floor.stop();
    }
    report(pairs);
  } finally {
    await ours.stop();
    await servers?.remove();
    town.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function serveTown({ env, port }: Town): Promise<Served> {
  return serve({ command: application(), core: 0, env, port });
}

/** The same town on MongoDB and Redis; null where they are not. */
async function openOnServers() {
  const engine = await openServers();
  if (engine === null) return null;
  const town = await foundTown(async (ctx) => void (await importSample(ctx)), engine);
  const served = await serveTown(town);
  const remove = async (): Promise<void> => {
    await served.stop();
    town.remove();
    await engine.remove();
  };
  return { served, remove };
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
  const measured = { bare: [], calm: [], busy: [], onServers: [], anew: [], anewOnServers: [] };
  return { page, floor: floorPageOf(html), ...measured };
}

async function startFloor(folder: string, pages: readonly FloorPage[]): Promise<Served> {
  const file = join(folder, "pages.json");
  writeFileSync(file, JSON.stringify(pages));
  const port = await freePort();
  const command = [process.execPath, "--import=tsx", floorFile, file, String(port)];
  return serve({ command, env: {}, port, core: 0 });
}

interface Players {
  readonly ours: Served;
  readonly onServers: Served | null;
  readonly floor: Served;
  readonly town: Town;
}

async function playRound(
  pairs: readonly Pair[],
  { ours, onServers, floor, town }: Players,
): Promise<void> {
  for (const [index, pair] of pairs.entries()) {
    pair.bare.push(await measure(floor, `/${index}`));
    pair.calm.push(await measure(ours, pair.page.path));
    const stop = await writeOnAndOn(town, pair.page.path);
    pair.busy.push(await measure(ours, pair.page.path));
    await stop();
    await timeAnew(ours, pair.page, { times: pair.anew, count: anewPages });
    if (onServers === null) continue;
    pair.onServers.push(await measure(onServers, pair.page.path));
    await timeAnew(onServers, pair.page, { times: pair.anewOnServers, count: anewPagesOnServers });
  }
}

/** The same page at addresses that were never asked for: nothing of its answer is kept. */
async function timeAnew(
  served: Served,
  { path }: Page,
  { times, count }: { readonly times: number[]; readonly count: number },
): Promise<void> {
  const joint = path.includes("?") ? "&" : "?";
  for (let one = 0; one < count; one++) {
    const began = performance.now();
    const answer = await fetch(`${served.origin}${path}${joint}n=${times.length}`);
    await answer.text();
    times.push(performance.now() - began);
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
  for (const [kind, when] of [
    ["calm", "nothing is written"],
    ["busy", "another process writes every second"],
    ["onServers", "nothing is written, on MongoDB and Redis"],
  ] as const) {
    if (pairs.some((pair) => pair[kind].length === 0)) continue;
    printTable(
      `Pages for a reader who is not signed in, while ${when} ` +
        `(${sampleName()}; medians of ${rounds} rounds)`,
      pairs.map((pair) => rowOf(pair, pair[kind])),
    );
  }
  printTable(
    "The same pages, one after the other, at addresses that nobody asked for before",
    pairs.map(({ page, anew, anewOnServers }) => ({
      page: page.name,
      "p50 ms": fixed(median(anew), 1),
      ...(anewOnServers.length === 0
        ? {}
        : { "on MongoDB and Redis": fixed(median(anewOnServers), 1) }),
    })),
  );
}

function rowOf({ page, floor, bare }: Pair, ours: readonly Measured[]) {
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
}
