import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "../bench/process.js";
import type { TestRedis } from "../support/redis.js";
import type { Journal } from "./journal.js";

/** A part of a deployment that can be killed and comes back. */
export interface Part {
  readonly name: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

const startsWithinMs = 30_000;

/**
 * A process of the deployment, started from what the build made. One that ends by itself once it serves
 * is told of in the journal and started again, as its supervisor would.
 */
export function aProcess(
  name: string,
  env: Readonly<Record<string, string>>,
  journal: Journal,
): Part {
  let running: ChildProcess | null = null;
  let starting: Promise<void> | null = null;
  const start = (): Promise<void> => (starting ??= untilStarted().finally(() => (starting = null)));
  /** Without a store it ends at once. */
  async function untilStarted(): Promise<void> {
    while (!(await started())) await pause(500);
  }
  async function started(): Promise<boolean> {
    const child = spawn(process.execPath, ["dist/main.js"], {
      cwd: root,
      env: { ...process.env, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running = child;
    journal.hear(name, child.stdout);
    journal.hear(name, child.stderr);
    const listens = saysItListens(child).then(() => true);
    const ended = once(child, "close").then(() => false);
    const isUp = await Promise.race([listens, ended, pause(startsWithinMs, true)]);
    if (isUp) child.once("close", (code, signal) => goOn(child, String(signal ?? code)));
    return isUp;
  }
  function goOn(child: ChildProcess, how: string): void {
    if (running !== child) return;
    journal.ended(name, how);
    void start();
  }
  return {
    name,
    start,
    async kill() {
      const child = running;
      running = null;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function saysItListens(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2_000);
      if (said.includes('"msg":"listening"')) resolve();
    });
  });
}

/** Redis, which keeps on disk whatever it confirmed; it dies, or it falls silent. */
export function theRedis(redis: TestRedis, random: () => number): Part {
  return {
    name: "redis",
    kill: () => (random() < 0.5 ? redis.kill() : redis.pause()),
    async start() {
      redis.resume();
      await redis.start();
    },
  };
}

/** A number from 0 to 1 at each call, the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where the kills come from, and for how long. */
export interface Killing {
  readonly ms: number;
  readonly random: () => number;
}

/**
 * Kills one part after the other, also while others are still down; resolves when all are up again, with
 * how often each died.
 */
export async function killAtRandom(
  parts: readonly Part[],
  { ms, random }: Killing,
): Promise<ReadonlyMap<string, number>> {
  const deaths = new Map(parts.map(({ name }) => [name, 0]));
  const down = new Map<Part, Promise<void>>();
  const die = async (part: Part, restMs: number): Promise<void> => {
    await part.kill();
    await pause(restMs);
    await part.start();
    down.delete(part);
  };
  const end = Date.now() + ms;
  while (Date.now() < end) {
    await pause(500 + random() * 2_500);
    const part = parts[Math.floor(random() * parts.length)];
    const restMs = random() * 3_000;
    if (part === undefined || down.has(part)) continue;
    deaths.set(part.name, (deaths.get(part.name) ?? 0) + 1);
    down.set(part, die(part, restMs));
  }
  await Promise.all(down.values());
  return deaths;
}
