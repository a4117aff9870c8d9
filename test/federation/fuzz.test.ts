import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

/** What a run tells of itself. */
interface Report {
  readonly seed: number;
  readonly count: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Mebibytes in use, measured again and again. */
  readonly heap: readonly number[];
  readonly queues: ReadonlyArray<Readonly<Record<string, number>>>;
  readonly dead: readonly string[];
  readonly unforeseen: readonly string[];
  readonly unfinished?: number;
  readonly errors?: readonly string[];
  readonly harm?: readonly string[];
  readonly alive?: number;
}

const env = process.env;
/** New ones every time; the one to give back is in the title of what failed. */
const seed = Number(env["PARVIS_FUZZ_SEED"] ?? Math.floor(Math.random() * 1e9));
const count = Number(env["PARVIS_FUZZ"] ?? 10_000);
/** On a slow machine fewer are tried; with PARVIS_FUZZ all that are asked for. */
const seconds = env["PARVIS_FUZZ"] === undefined ? 35 : 0;
const leastTried = Math.min(count, 100);
/** What the heap may grow by between its first and its last measure; most of it are bounded caches. */
const growthMiB = 24;

function run(kind: "activities" | "requests"): Promise<Report> {
  const child = fileURLToPath(new URL(`./fuzz-${kind}.child.ts`, import.meta.url));
  const given = [seed, count, seconds].map(String);
  const { MONGODB_URL: _server, ...own } = env;
  const started = spawn(
    process.execPath,
    ["--expose-gc", "--import=tsx", "--unhandled-rejections=warn", child, ...given],
    { env: own, stdio: ["ignore", "pipe", "pipe"] },
  );
  return new Promise((resolve, reject) => {
    let [said, wrong] = ["", ""];
    started.stdout.setEncoding("utf8").on("data", (text: string) => void (said += text));
    started.stderr.setEncoding("utf8").on("data", (text: string) => void (wrong += text));
    started.once("error", reject).once("close", (code) => {
      const last = said.trimEnd().split("\n").at(-1) ?? "";
      if (code === 0) return resolve(JSON.parse(last) as Report);
      reject(new Error(`seed ${seed}: ended with ${code}\n${wrong.slice(-6_000)}`));
    });
  });
}

function expectCalm({ heap, queues, dead, unforeseen, count: tried }: Report): void {
  const growth = (heap.at(-1) ?? 0) - (heap[1] ?? heap[0] ?? 0);
  if (tried >= 2_000) expect(heap.length, "measures of the heap").to.be.at.least(4);
  expect(unforeseen).to.deep.equal([]);
  expect(dead).to.deep.equal([]);
  expect(queues.map(({ waiting, running }) => [waiting, running])).to.deep.equal([
    [0, 0],
    [0, 0],
  ]);
  expect(growth, `heap in MiB: ${heap.join(" ")}`).to.be.below(growthMiB);
  expect(tried).to.be.at.least(leastTried);
}

describe(`whatever is sent to a city (PARVIS_FUZZ_SEED=${seed})`, function () {
  this.timeout(seconds === 0 ? 1_800_000 : 115_000);
  let activities: Promise<Report>;
  let requests: Promise<Report>;

  before(() => {
    activities = run("activities");
    requests = run("requests");
    for (const one of [activities, requests]) one.catch(() => undefined);
  });

  it("is answered by no 5xx as a request, and leaves the city as it was", async () => {
    const report = await requests;

    expect(Object.keys(report.statuses).filter((status) => Number(status) >= 500)).to.deep.equal(
      [],
    );
    expect(report.statuses["200"], "something gets through").to.be.greaterThan(5);
    expect(report.alive).to.equal(200);
    expectCalm(report);
  });

  it("is acted on or refused as an activity, to the end, and takes nothing that is ours", async () => {
    const report = await activities;

    expect(
      Object.keys(report.statuses).every((one) => ["202", "400", "401"].includes(one)),
    ).to.equal(true);
    expect(report.statuses["202"], "something gets through").to.be.greaterThan(20);
    expect(report.errors).to.deep.equal([]);
    expect(report.harm).to.deep.equal([]);
    expect(report.unfinished).to.equal(0);
    expectCalm(report);
  });
});
