import { setTimeout as pause } from "node:timers/promises";
import { ConfigError, environmentWithFile, loadConfig, type Config } from "./config.js";

/**
 * Waits until the server that is configured here is ready, where its own configuration says that it listens:
 * `node dist/ready.js SECONDS`. Ends with 1, and with what was wrong last, when that takes longer.
 */
async function main(seconds: number): Promise<number> {
  if (!Number.isFinite(seconds)) throw new Error("How many seconds to wait has to be a number.");
  const address = addressOf(loadConfig(environmentWithFile()));
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const wrong = await ask(address);
    if (wrong === null) return 0;
    if (performance.now() + 1_000 > end) {
      process.stderr.write(`${address} after ${seconds} seconds: ${wrong}\n`);
      return 1;
    }
    await pause(1_000);
  }
}

/** Where the server is asked from its own machine. */
function addressOf({ bind, port }: Config): string {
  const every = bind === null || bind === "0.0.0.0" || bind === "::";
  const host = every ? "127.0.0.1" : bind.includes(":") ? `[${bind}]` : bind;
  return `http://${host}:${port}/readyz`;
}

/** What is wrong, in a line; null when it is ready. */
async function ask(address: string): Promise<string | null> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(4_000) });
    const [said = ""] = (await answer.text()).split("\n");
    return answer.ok ? null : `${answer.status} ${said.slice(0, 200)}`;
  } catch {
    return "nobody answers";
  }
}

try {
  process.exitCode = await main(Number(process.argv[2]));
} catch (error) {
  const why = error instanceof ConfigError ? "The configuration needs a correction:\n" : "";
  process.stderr.write(`${why}${(error as Error).message}\n`);
  process.exitCode = 1;
}
