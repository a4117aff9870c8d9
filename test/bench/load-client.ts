import { Agent, get } from "node:http";

/** One page asked for over and over on kept connections: address, seconds, connections. */
const [url = "", seconds = "3", connections = "16"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const end = performance.now() + Number(seconds) * 1000;
const times: number[] = [];

function once(): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode === 200));
    }).once("error", () => resolve(false));
  });
}

async function repeat(): Promise<number> {
  let failed = 0;
  while (performance.now() < end) {
    const began = performance.now();
    if (!(await once())) failed += 1;
    times.push(performance.now() - began);
  }
  return failed;
}

const began = performance.now();
const failures = await Promise.all(Array.from({ length: Number(connections) }, repeat));
const took = (performance.now() - began) / 1000;
agent.destroy();
const sorted = times.toSorted((a, b) => a - b);
const share = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
process.stdout.write(
  JSON.stringify({
    perSecond: times.length / took,
    p50Ms: share(0.5),
    p99Ms: share(0.99),
    failed: failures.reduce((sum, count) => sum + count, 0),
  }),
);
