import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { has, onCore, root } from "./process.js";

/** What a load found out. */
export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 200, or none at all. */
  readonly failed: number;
}

/** How hard a page is asked for. */
export interface Asking {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
}

const ownClient = fileURLToPath(new URL("load-client.ts", import.meta.url));

/** Ask for one page over and over from another process, by `wrk` where it is installed. */
export async function loadOn(core: number | null, asking: Asking): Promise<Load> {
  const { url, seconds, connections } = asking;
  if (has("wrk")) {
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", url];
    return wrkReport(await output(onCore(core, ["wrk", ...args])));
  }
  const args = [ownClient, url, String(seconds), String(connections)];
  return JSON.parse(
    await output(onCore(core, [process.execPath, "--import=tsx", ...args])),
  ) as Load;
}

function output(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${program} ended with ${code}:\n${said}`)),
    );
  });
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function wrkReport(text: string): Load {
  const share = (percent: string): number => {
    const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, "m").exec(text);
    return Number(found?.[1]) * (unitMs[found?.[2] ?? ""] ?? Number.NaN);
  };
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0";
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const sockets = (errors?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: share("50"),
    p99Ms: share("99"),
    failed: Number(bad) + sockets,
  };
}
