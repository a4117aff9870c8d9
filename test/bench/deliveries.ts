import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateRsaPair } from "../../src/federation/signatures/generate.js";
import { concurrency } from "../../src/hosting/worker.js";
import { order } from "./control.js";
import { openEngines, type Engine } from "./engines.js";
import type { Arrived } from "./deliveries-receiver.js";
import { application, freePort, processorMs, serve, type Served } from "./process.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown, type Town } from "./town.js";

/** Share of a bare loop that signs and posts which deliveries have to reach. */
const leastShares: Readonly<Record<Engine["name"], number>> = {
  embedded: 0.7,
  "MongoDB and Redis": 0.6,
};

/**
 * Each process runs on whichever core is free, as it does where it is installed. With BENCH_ONE_CORE=1
 * the one that sends, ours and the bare loop alike, is held to one core, the receiver to the other.
 */
const isHeld = process.env["BENCH_ONE_CORE"] === "1";
const sender = isHeld ? 0 : null;
const receiver = isHeld ? 1 : null;

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5);
const hosts = 50;
/** Posts of a round; each goes to every host. */
const posts = 40;

/** A process that does what it is told on a port of its own. */
export interface Ordered extends Served {
  readonly orders: number;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Start one of the helper scripts; the first argument that it gets is the port of its orders. */
export async function start(
  name: string,
  core: number | null,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ordered> {
  const orders = await freePort();
  const command = [process.execPath, "--import=tsx", script(name), String(orders)];
  const served = await serve({ command: [...command, ...args], env, port: orders, core });
  return { ...served, orders };
}

/** What serves a town that other servers are told of, loopback ones included. */
export function federating(env: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, FEDERATION_PRIVATE_ADDRESSES: "true" };
}

/** One inbox on each of that many loopback addresses: distinct hosts, one server behind them. */
export function inboxesAt(count: number, port: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const number = at + 2;
    const address = `127.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    return `http://${address}:${port}/inbox`;
  });
}

interface Round {
  readonly perSecond: number;
  /** Processor time of one delivery. */
  readonly cpuMs: number;
}

interface Measured {
  readonly name: string;
  readonly served: Served;
  /** Returns once everything is on its way or, for the floor, posted. */
  begin(): Promise<unknown>;
  /** Returns once nothing of the round is left to do. */
  end(): Promise<unknown>;
}

async function play({ served, begin, end }: Measured, receiver: Ordered): Promise<Round> {
  const count = posts * hosts;
  const before = processorMs(served.pid);
  await order(receiver.orders, "begin", count);
  const begun = begin();
  begun.catch(() => undefined);
  const { ms, posts: came } = await order<Arrived>(receiver.orders, "end");
  await begun;
  await end();
  if (came !== count) throw new Error(`${came} deliveries came instead of ${count}`);
  return {
    perSecond: (count - 1) / (ms / 1_000),
    cpuMs: (processorMs(served.pid) - before) / count,
  };
}

type Keep = <T extends Served>(one: T) => T;

interface Ours {
  readonly measured: Measured;
  /** Of the last round. */
  bodies(): readonly string[];
}

/** A town with its followers, served by one process that also works off its jobs. */
async function oursOn(
  town: Town,
  name: string,
  inboxes: readonly string[],
  keep: Keep,
): Promise<Ours> {
  const env = federating(town.env);
  const served = keep(await serve({ command: application(), env, port: town.port, core: sender }));
  const clerk = keep(await start("deliveries-clerk.ts", receiver, [], env));
  await order(clerk.orders, "follow", inboxes);
  let bodies: string[] = [];
  const measured: Measured = {
    ...{ name, served },
    begin: async () => (bodies = await order<string[]>(clerk.orders, "round", posts)),
    end: () => order(clerk.orders, "idle"),
  };
  return { measured, bodies: () => bodies };
}

/** Rounds of ours, on each engine, and of the bare loop, in turns, once all are warm. */
export async function measureDeliveries(): Promise<ReadonlyMap<string, readonly Round[]>> {
  const folder = mkdtempSync(join(tmpdir(), "parvis-deliveries-"));
  const keyFile = join(folder, "key.pem");
  writeFileSync(keyFile, (await generateRsaPair()).privateKeyPem);
  const engines = await openEngines();
  const started: Served[] = [];
  const towns: Town[] = [];
  const keep: Keep = (one) => (started.push(one), one);
  try {
    const port = await freePort();
    const received = keep(await start("deliveries-receiver.ts", receiver, [String(port)]));
    const inboxes = inboxesAt(hosts, port);
    const ours: Ours[] = [];
    for (const engine of engines) {
      const town = await foundTown(() => Promise.resolve(), engine);
      towns.push(town);
      ours.push(await oursOn(town, engine.name, inboxes, keep));
    }
    const args = [keyFile, String(concurrency.delivery)];
    const bare = keep(await start("deliveries-floor.ts", sender, args));
    const floor: Measured = {
      ...{ name: "floor", served: bare },
      begin: () => order(bare.orders, "round", { bodies: ours[0]?.bodies(), inboxes }),
      end: () => Promise.resolve(),
    };
    const measured = [...ours.map((one) => one.measured), floor];
    const figures = new Map(measured.map(({ name }) => [name, [] as Round[]]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const one of measured) {
        const played = await play(one, received);
        if (round > 0) figures.get(one.name)?.push(played);
      }
    }
    return figures;
  } finally {
    for (const one of started) await one.stop();
    for (const town of towns) town.remove();
    for (const engine of engines) await engine.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Print what deliveries reach. It reports and never fails: how fast a machine is proves nothing. */
export async function benchDeliveries(): Promise<void> {
  const figures = await measureDeliveries();
  const floor = figures.get("floor") ?? [];
  const of = (all: readonly Round[], what: keyof Round): number =>
    median(all.map((round) => round[what]));
  const rows = [...figures].map(([name, all]) => ({
    deliveries: name,
    "a second": fixed(of(all, "perSecond")),
    "of the floor": fixed(of(all, "perSecond") / of(floor, "perSecond"), 2),
    "cpu ms": fixed(of(all, "cpuMs"), 2),
    "by processor time": fixed(of(floor, "cpuMs") / of(all, "cpuMs"), 2),
    aim: name === "floor" ? "" : `≥ ${fixed(leastShares[name as Engine["name"]], 2)}`,
  }));
  printTable(
    `Deliveries of ${posts} posts to ${hosts} hosts, each signed at send and queued on disk (` +
      `medians of ${rounds} rounds${isHeld ? ", the sender on one core" : ""})`,
    rows,
  );
}
