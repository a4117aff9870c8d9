import { spawn } from "node:child_process";
import { expect } from "chai";
import { builtChild } from "../support/built.js";
import { queueNames } from "../../src/kit/work.js";
import { engineName } from "../support/engine.js";

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
const count = Number(env["PARVIS_FUZZ"] ?? (engineName === "servers" ? 400 : 10_000));
/** Each has a test of its own, so that a slow machine is seen to go on. */
const quarters = [1, 2, 3, 4] as const;
/** What the heap may grow by between its first and its last measure; most of it are bounded caches. */
const growthMiB = 24;

/** A run under way. */
interface Run {
  /** Resolves when so many quarters of it are done. */
  readonly reached: (quarter: number) => Promise<void>;
  readonly report: Promise<Report>;
}

/** Lines of a run: how many are done, again and again; its report at last. */
function run(kind: "activities" | "requests"): Run {
  let done = 0;
  const waiting = new Set<() => void>();
  const told = (line: string): void => {
    done = Number(line);
    for (const look of waiting) look();
  };
  const report = started(kind, told);
  const reached = (quarter: number): Promise<void> => {
    const enough = new Promise<void>((resolve) => {
      const look = (): void => {
        if (done >= (count / quarters.length) * quarter) resolve();
      };
      waiting.add(look);
      look();
    });
    return Promise.race([enough, report.then(() => undefined)]);
  };
  return { reached, report };
}

async function started(kind: string, told: (line: string) => void): Promise<Report> {
  const child = await builtChild(new URL(`./fuzz-${kind}.child.ts`, import.meta.url));
  const { MONGODB_URL: _server, ...others } = env;
  const own = engineName === "servers" ? env : others;
  const flags = ["--expose-gc", "--enable-source-maps", "--unhandled-rejections=warn"];
  const running = spawn(process.execPath, [...flags, child, String(seed), String(count)], {
    ...{ env: own, stdio: ["ignore", "pipe", "pipe"] },
  });
  return new Promise((resolve, reject) => {
    let [said, wrong] = ["", ""];
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (said + text).split("\n");
      said = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("{")) resolve(JSON.parse(line) as Report);
        else told(line);
      }
    });
    running.stderr.setEncoding("utf8").on("data", (text: string) => void (wrong += text));
    running.once("error", reject).once("close", (code) => {
      reject(new Error(`seed ${seed}: ended with ${code}\n${wrong.slice(-6_000)}`));
    });
  });
}

function expectCalm({ heap, queues, dead, unforeseen, count: tried }: Report): void {
  const growth = (heap.at(-1) ?? 0) - (heap[1] ?? heap[0] ?? 0);
  if (tried >= 2_000) expect(heap.length, "measures of the heap").to.be.at.least(4);
  expect(unforeseen).to.deep.equal([]);
  expect(dead).to.deep.equal([]);
  expect(queues.map(({ waiting, running }) => [waiting, running])).to.deep.equal(
    queueNames.map(() => [0, 0]),
  );
  expect(growth, `heap in MiB: ${heap.join(" ")}`).to.be.below(growthMiB);
  expect(tried).to.be.at.least(count);
}

describe(`whatever is sent to a city (PARVIS_FUZZ_SEED=${seed})`, function () {
  this.timeout(115_000);
  let activities: Run;
  let requests: Run;

  before(() => {
    activities = run("activities");
    requests = run("requests");
    for (const { report } of [activities, requests]) report.catch(() => undefined);
  });

  for (const quarter of quarters) {
    const upTo = (count / quarters.length) * quarter;
    it(`is answered, each of ${upTo} requests`, () => requests.reached(quarter));
    it(`is dealt with, each of ${upTo} activities`, () => activities.reached(quarter));
  }

  it("is answered by no 5xx as a request, and leaves the city as it was", async () => {
    const report = await requests.report;

    expect(Object.keys(report.statuses).filter((status) => Number(status) >= 500)).to.deep.equal(
      [],
    );
    expect(report.statuses["200"], "something gets through").to.be.greaterThan(5);
    expect(report.alive).to.equal(200);
    expectCalm(report);
  });

  it("is acted on or refused as an activity, to the end, and takes nothing that is ours", async () => {
    const report = await activities.report;

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
