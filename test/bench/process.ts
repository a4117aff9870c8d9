import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly scripts: { readonly start: string };
};

/** What `npm start` runs, as it does; `BENCH_NODE_OPTIONS` may ask Node for a profile of it. */
export function application(): string[] {
  const own = manifest.scripts.start.split(" ").filter((word) => word.startsWith("--"));
  const options = process.env["BENCH_NODE_OPTIONS"]?.split(" ") ?? [];
  return [process.execPath, ...own, ...options, "dist/main.js"];
}

/** A server that was started to be measured. */
export interface Served {
  readonly origin: string;
  /** The process that answers, which npm may have started. */
  readonly pid: number;
  /** From the start of the process to its word that it listens. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** What is started, and where. */
export interface Serving {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** The core it is held to, where there is more than one. */
  readonly core: number | null;
}

const mostOutput = 20_000;

/** Start a server and wait for the line of its log that says "listening". */
export async function serve({ command, env, port, core }: Serving): Promise<Served> {
  const [program = "", ...args] = onCore(core, command);
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = await listening(child);
  return {
    origin: `http://localhost:${port}`,
    pid,
    startMs: performance.now() - began,
    stop: () => stopped(child, pid),
  };
}

function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk: Buffer): void => {
      if (said.length > mostOutput) return;
      said += chunk.toString("utf8");
      const line = said.split("\n").find((one) => one.includes('"msg":"listening"'));
      const pid = line === undefined ? null : /"pid":(\d+)/.exec(line);
      if (pid?.[1] !== undefined) resolve(Number(pid[1]));
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended (${code}) instead:\n${said}`)));
  });
}

function stopped(child: ChildProcess, pid: number): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    process.kill(pid, "SIGTERM");
  });
}

/** The same command, held to one core where the machine has two and `taskset`. */
export function onCore(core: number | null, command: readonly string[]): readonly string[] {
  if (core === null || availableParallelism() < 2 || !has("taskset")) return command;
  return ["taskset", "-c", String(core), ...command];
}

/** Whether a program is on the path. */
export function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Processor time that a process has used so far, in milliseconds; NaN where the system is silent. */
export function processorMs(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of a process in megabytes; null where the system does not tell. */
export function residentMb(pid: number): number | null {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return null;
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, "utf8"));
  return found?.[1] === undefined ? null : Number(found[1]) / 1024;
}
