import { Agent, get } from "node:http";

/** How long pages took that were asked for one after the other. */
export interface Asked {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Ask for pages of several hosts on one connection; each must be there. */
export async function askFor(
  port: number,
  pages: ReadonlyArray<readonly [host: string, path: string]>,
): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (const [host, path] of pages) {
    const began = performance.now();
    const status = await statusOf(agent, { port, host, path });
    if (status !== 200) throw new Error(`${host}${path} answered ${status}`);
    times.push(performance.now() - began);
  }
  agent.destroy();
  const sorted = times.toSorted((a, b) => a - b);
  const share = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { p50Ms: share(0.5), p95Ms: share(0.95) };
}

interface Page {
  readonly port: number;
  readonly host: string;
  readonly path: string;
}

function statusOf(agent: Agent, { port, host, path }: Page): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, Accept: "text/html" };
    get({ agent, host: "127.0.0.1", port, path, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    }).once("error", reject);
  });
}
