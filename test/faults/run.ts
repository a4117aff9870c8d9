import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { createApp, driversFor, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import { freePort, root } from "../bench/process.js";
import { closePeers } from "../federation/support/peer.js";
import { aRedis } from "../support/redis.js";
import { aGround } from "./ground.js";
import { aJournal, type Journal } from "./journal.js";
import { load, nothingAccepted, type Accepted } from "./load.js";
import { aProcess, killAtRandom, seeded, theRedis, type Part } from "./parts.js";
import { hasHeld, isQuiet, isWell, report } from "./report.js";
import { aFailingStore, isWay, type Way } from "./stores.js";
import type { Verdict } from "./compared.js";
import { judge } from "./verdict.js";

const settledAfterMs = 240_000;

/** How long things are killed, and in which order. */
interface Asked {
  readonly seconds: number;
  readonly seed: number;
  /** How the store fails. */
  readonly store: Way;
}

/** Reads `--seconds=300 --seed=1 --store=network`. */
function readArguments(args: readonly string[]): Asked {
  const given = new Map(
    args.map((arg) => {
      const [, name, value = ""] = /^--(seconds|seed|store)=(\w+)$/.exec(arg) ?? [];
      const isKnown = name === "store" ? isWay(value) : Number.isInteger(Number(value));
      if (name === undefined || !isKnown) throw new Error(`"${arg}" is not known here.`);
      return [name, value] as const;
    }),
  );
  return {
    seconds: Number(given.get("seconds") ?? 300),
    seed: Number(given.get("seed") ?? Date.now() % 1e6),
    store: (given.get("store") ?? "network") as Way,
  };
}

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name}: the faults need MongoDB and Redis.`);
  return value;
}

/** A deployment on servers of its own, and this process, which no fault comes between. */
interface Deployment {
  readonly origin: string;
  readonly app: App;
  /** Where its mails are kept. */
  readonly mailFolder: string;
  readonly processes: readonly Part[];
  readonly parts: readonly Part[];
  readonly journal: Journal;
  close(): Promise<void>;
}

async function aDeployment({ seed, store: way }: Asked): Promise<Deployment> {
  const server = needed("MONGODB_URL");
  const database = `parvis_faults_${process.pid}`;
  const random = seeded(seed + 2);
  const store = await aFailingStore(way, server, random);
  const [redis, port] = [await aRedis(), await freePort()];
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-faults-"));
  const origin = `http://127.0.0.1:${port}`;
  const env = {
    ...{ REDIS_URL: redis.url, PUBLIC_URL: origin, DATA_DIR: dataDir, HOST: "127.0.0.1" },
    ...{ SECRET: "a secret that only this run shares with itself", LOG_LEVEL: "info" },
    ...{ FEDERATION_PRIVATE_ADDRESSES: "true", MONGODB_URL: store.addressOf(database) },
  };
  const direct = Object.assign(new URL(server), { pathname: database }).href;
  const own = { ...env, MONGODB_URL: direct, LOG_LEVEL: "silent", ROLE: "web" };
  const config = loadConfig(own);
  const app = await createApp(config, await driversFor(config));
  const journal = aJournal();
  const worker = async (name: string): Promise<Part> =>
    aProcess(name, { ...env, ROLE: "worker", PORT: String(await freePort()) }, journal);
  const web = aProcess("web", { ...env, ROLE: "web", PORT: String(port) }, journal);
  const processes = [web, await worker("worker 1"), await worker("worker 2")];
  const parts = [...processes, theRedis(redis, random), store.part];
  return {
    ...{ origin, app, processes, journal, parts, mailFolder: join(dataDir, "mail") },
    async close() {
      for (const one of processes) await one.kill();
      await Promise.all([app.close(), closePeers(), store.close()]);
      await redis.remove();
      rmSync(dataDir, { recursive: true, force: true });
      const client = await MongoClient.connect(server);
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}

/**
 * Web, workers, store and Redis of a city are killed or fall silent at random while its members and other
 * servers take part; then everything that was accepted is counted: nothing may be lost or have happened
 * twice, nobody may have been answered as if there were a bug, and no process may have ended by itself.
 * @returns whether that is so
 */
async function main(asked: Asked): Promise<boolean> {
  const { seconds, seed } = asked;
  const { origin, app, mailFolder, processes, parts, journal, close } = await aDeployment(asked);
  try {
    const ground = await aGround(app, origin);
    for (const one of processes) await one.start();
    const accepted: Accepted = nothingAccepted();
    const ms = seconds * 1_000;
    const taking = { ground, accepted, random: seeded(seed + 1), until: Date.now() + ms, said: 0 };
    const killing = { ms, random: seeded(seed) };
    const [deaths] = await Promise.all([killAtRandom(parts, killing), load(taking)]);
    const ctx = app.contexts({ instance: ground.instance, member: null, language: "fr" });
    const { queue } = app.drivers;
    const course = { ground, accepted, mailFolder };
    const { verdicts, afterMs } = await settled(queue, () => judge(ctx, course));
    const outcome = { seed, seconds, deaths, verdicts, accepted, afterMs, queue, journal };
    await report(outcome);
    return hasHeld(outcome);
  } finally {
    await close();
  }
}

/**
 * What was interrupted is taken up by sweeps and leases: that takes a minute or two. When all is there, what
 * is still to run may do it a second time: it is looked at until no job waits or runs any more.
 */
async function settled(
  queue: Queue,
  look: () => Promise<Verdict[]>,
): Promise<{ readonly verdicts: Verdict[]; readonly afterMs: number }> {
  const began = Date.now();
  for (;;) {
    const isOver = await isQuiet(queue);
    const verdicts = await look();
    const afterMs = Date.now() - began;
    if ((isOver && isWell(verdicts)) || afterMs > settledAfterMs) return { verdicts, afterMs };
    await pause(2_000);
  }
}

/** What no types are written for. */
interface Helpers {
  readonly builder: { ensureBuilt(folder: string): Promise<void> };
  readonly machine: { provide(files: string[], onServers: boolean): Record<string, string> };
}

async function helpers(): Promise<Helpers> {
  const builder = new URL("../../src/bootstrap/build.mjs", import.meta.url).href;
  const machine = new URL("../run/machine.mjs", import.meta.url).href;
  return {
    builder: (await import(builder)) as Helpers["builder"],
    machine: (await import(machine)) as Helpers["machine"],
  };
}

const { builder, machine } = await helpers();
await builder.ensureBuilt(root);
Object.assign(process.env, machine.provide([], true));
process.exitCode = (await main(readArguments(process.argv.slice(2)))) ? 0 : 1;
