import { spawnSync } from "node:child_process";
import { join } from "node:path";
import Database from "libsql";
import type { App } from "../../src/app.js";
import { defaultTopics } from "../../src/features/topics/topics.js";
import { askFor, type Asked } from "./cities-asking.js";
import { calendarRound, type Round } from "./cities-calendar.js";
import { application, processorMs, residentMb, root, serve, type Served } from "./process.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown, type Town } from "./town.js";

const wanted = Number(process.env["BENCH_CITIES"] ?? 3_000);
const commands = 3;
/** Pages asked for of one city, or of as many cities once. */
const pages = 300;

/** A process that uses less of a core in a second has nothing to do; it is waited for at most so long. */
const quietMs = 60;
const mostWaitMs = 40_000;

const hostOf = (number: number): string => `ville-${number}.example`;

/** One deployment with a single city, or with thousands, as it was measured. */
interface Measured {
  readonly startMs: number;
  readonly startMb: number;
  readonly fullMb: number;
  /** A page that nobody asked for before, of a city that is in memory. */
  readonly anew: Asked;
  /** The same, of cities that nobody has visited yet; of the single city it cannot be told apart. */
  readonly cold: Asked | null;
  /** A page that is asked for again. */
  readonly warm: Asked;
}

/**
 * What thousands of cities on one deployment cost, against the same process with a single one: both are
 * served in the same run, one after the other, by what `npm start` runs.
 */
export async function benchCities(): Promise<void> {
  const single = await foundTown(async () => undefined);
  const created: number[] = [];
  let round: Round | null = null;
  const many = await foundTown(async (_ctx, app) => {
    for (let number = 1; number < wanted; number += 1) {
      const began = performance.now();
      await create(app, number);
      created.push(performance.now() - began);
    }
  });
  try {
    round = await calendarRound(many.env);
    const bytes = (sizeOf(many) - sizeOf(single)) / (wanted - 1);
    const floor = await measure(single, 1);
    const full = await measure(many, wanted);
    const commandMs = Array.from({ length: commands }, (_, at) => createByCommand(many, at));
    printCosts(created, commandMs, bytes);
    printServing(floor, full);
    printCalendar(round);
  } finally {
    single.remove();
    many.remove();
  }
}

async function create(app: App, number: number): Promise<void> {
  const instance = await app.instances.create({
    ...{ origin: `https://${hostOf(number)}`, name: `Ville ${number}`, language: "fr" },
    ...{ kind: "city", setUpTokenHash: null },
  });
  await defaultTopics(app.contexts({ instance, member: null, language: "fr" }));
}

/** The whole command, from the start of its process to its end, beside thousands of cities. */
function createByCommand({ env }: Town, at: number): number {
  const origin = `https://commande-${at}.example`;
  const args = ["--origin", origin, "--name", `Commande ${at}`, "--kind", "city"];
  const began = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ["dist/cli.js", "instance", "create", ...args],
    { cwd: root, env: { ...process.env, ...env, LOG_LEVEL: "error" }, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`instance create ended with ${status}: ${stderr}`);
  return performance.now() - began;
}

/** Bytes in use, without pages that are free again. */
function sizeOf({ dataDir }: Town): number {
  const db = new Database(join(dataDir, "parvis.db"));
  const pragma = (name: string): number => {
    const [row] = db.pragma(name) as ReadonlyArray<Readonly<Record<string, number>>>;
    return row?.[name] ?? Number.NaN;
  };
  const pages = pragma("page_count") - pragma("freelist_count");
  const bytes = pages * pragma("page_size");
  db.close();
  return bytes;
}

async function measure(town: Town, cities: number): Promise<Measured> {
  const command = application();
  const served = await serve({ command, env: town.env, port: town.port, core: 0 });
  try {
    return await measureServed(served, town, cities);
  } finally {
    await served.stop();
  }
}

async function measureServed(served: Served, { port }: Town, cities: number): Promise<Measured> {
  const here = `localhost:${port}`;
  const ask = (of: ReadonlyArray<readonly [host: string, path: string]>) => askFor(port, of);
  const each = <T>(make: (at: number) => T): T[] =>
    Array.from({ length: pages }, (_, at) => make(at));
  await untilQuiet(served.pid);
  const startMb = residentMb(served.pid) ?? Number.NaN;
  // Templates are compiled and code is hot before anything counts.
  await ask(each((at) => [here, `/proposals?q=mot${at}`]));
  const anew = await ask(each((at) => [here, `/?x=${at}`]));
  const isMany = cities > 1;
  const cold = isMany ? await ask(each((at) => [hostOf(at + 1), "/"])) : null;
  const rest = Array.from({ length: wanted - 1 - pages }, (_, at) => pages + at + 1);
  await ask(rest.map((number) => (isMany ? [hostOf(number), "/"] : [here, `/?y=${number}`])));
  const fullMb = residentMb(served.pid) ?? Number.NaN;
  const warm = await ask(each(() => [isMany ? hostOf(7) : here, "/"]));
  return { startMs: served.startMs, startMb, fullMb, anew, cold, warm };
}

/** What the calendar has to make up for after a start is done before anything is measured. */
async function untilQuiet(pid: number): Promise<void> {
  const end = performance.now() + mostWaitMs;
  let [before, used] = [processorMs(pid), Number.POSITIVE_INFINITY];
  while (used > quietMs && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = processorMs(pid);
    [used, before] = [now - before, now];
  }
}

function printCosts(created: readonly number[], commandMs: readonly number[], bytes: number): void {
  printTable(`One more city among ${wanted}`, [
    {
      what: "instance create, the whole command",
      measured: `${fixed(median(commandMs))} ms`,
      aim: "< 1,000 ms",
    },
    {
      what: "… of it the city and its topics",
      measured: `${fixed(median(created), 1)} ms`,
      aim: "",
    },
    {
      what: "what it takes on disk, indexes included",
      measured: `${fixed(bytes / 1024, 1)} KB`,
      aim: "kilobytes",
    },
  ]);
}

function printServing(floor: Measured, full: Measured): void {
  const row = (what: string, one: number, all: number, unit: string) => ({
    what,
    "a single city": `${fixed(one, unit === "ms" ? 1 : 0)} ${unit}`,
    [`${wanted} cities`]: `${fixed(all, unit === "ms" ? 1 : 0)} ${unit}`,
    ratio: fixed(all / one, 2),
  });
  const cold = full.cold ?? full.anew;
  printTable("The same process with one city and with many", [
    row("from start to listening", floor.startMs, full.startMs, "ms"),
    row("resident memory after the start", floor.startMb, full.startMb, "MB"),
    row(`… after ${wanted} more pages, one of each city`, floor.fullMb, full.fullMb, "MB"),
    row("a page again, median", floor.warm.p50Ms, full.warm.p50Ms, "ms"),
    row("a page anew, median", floor.anew.p50Ms, full.anew.p50Ms, "ms"),
    row("a city's first page, median (beside a page anew)", floor.anew.p50Ms, cold.p50Ms, "ms"),
    row("… 95th percentile", floor.anew.p95Ms, cold.p95Ms, "ms"),
  ]);
}

function printCalendar({ jobs, ms, cpuMs, everyMs }: Round): void {
  printTable("Work that the calendar brings while nothing happens", [
    { what: "jobs of one round", measured: String(jobs) },
    { what: "time until the last is done", measured: `${fixed(ms / 1000, 1)} s` },
    { what: "share of a core, all day", measured: `${fixed((100 * cpuMs) / everyMs, 1)} %` },
  ]);
}
