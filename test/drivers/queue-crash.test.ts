import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createIds, systemClock } from "../../src/drivers/clock.js";
import type { JobRow } from "../../src/drivers/queue/queue-tables.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { NewJob, QueueCounts } from "../../src/drivers/queue/queue.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { builtChild } from "../support/built.js";
import { aJob, pause } from "./queue.conformance.js";

const source = new URL("./queue-crash.child.ts", import.meta.url);
const ROUNDS = 6;
const FIRST_JOBS = 1_200;

describe("the embedded queue, killed in the middle of its work", function () {
  this.timeout(120_000);

  let program: string;
  let folder: string;
  let children: ChildProcess[];
  const path = (name: string): string => join(folder, name);

  before(async () => void (program = await builtChild(source)));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "parvis-queue-"));
    children = [];
  });

  afterEach(() => {
    for (const started of children) started.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  const serve = async (until: "killed" | "idle"): Promise<ChildProcess> => {
    const files = ["store.db", "ran", "added"].map(path);
    const args = [program, ...files, until];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(started);
    await once(started.stdout, "data");
    return started;
  };

  const ended = async (started: ChildProcess): Promise<number | null> => {
    if (started.exitCode === null && started.signalCode === null) await once(started, "exit");
    return started.exitCode;
  };

  const add = async (jobs: readonly NewJob[]): Promise<void> => {
    const store = openSqliteStore(path("store.db"));
    const ids = createIds(systemClock);
    await createEmbeddedQueue({ store, clock: systemClock, ids }).add(jobs);
    await store.close();
  };

  const left = async (): Promise<{ open: Set<string>; counts: QueueCounts }> => {
    const store = openSqliteStore(path("store.db"));
    const rows = await store.collection<JobRow>("queue_jobs").find({}).toArray();
    const queue = createEmbeddedQueue({ store, clock: systemClock, ids: createIds(systemClock) });
    const counts = await queue.counts("default");
    await store.close();
    return { open: new Set(rows.map((row) => row.id)), counts };
  };

  const lines = (name: string): string[] =>
    existsSync(path(name)) ? readFileSync(path(name), "utf8").split("\n").filter(Boolean) : [];

  const runs = (): Map<string, number> => {
    const times = new Map<string, number>();
    for (const id of lines("ran")) times.set(id, (times.get(id) ?? 0) + 1);
    return times;
  };

  it("loses no job that was added, and runs none again that was written down as finished", async () => {
    const first = Array.from({ length: FIRST_JOBS }, (_, i) =>
      aJob(`first/${i}`, { attempts: 50, data: { deadly: false } }),
    );
    await add(first);
    const finished = new Map<string, number>();

    for (let round = 0; round < ROUNDS; round += 1) {
      const started = await serve("killed");
      await pause(10 + Math.random() * 120);
      started.kill("SIGKILL");
      await ended(started);
      const { open } = await left();
      for (const [id, times] of runs()) if (!open.has(id)) finished.set(id, times);
    }
    const last = await serve("idle");
    expect(await ended(last)).to.equal(0);

    const ran = runs();
    const promised = [...first.map((job) => job.id), ...lines("added")];
    expect(promised.filter((id) => !ran.has(id))).to.deep.equal([]);
    expect([...finished].filter(([id, times]) => ran.get(id) !== times)).to.deep.equal([]);
    const { counts } = await left();
    expect(counts).to.deep.equal({ waiting: 0, delayed: 0, running: 0, dead: 0 });
  });

  it("stops serving a job that kills its process, once its tries are used up", async () => {
    await add([aJob("poison", { attempts: 2, data: { deadly: true } })]);

    await ended(await serve("killed"));
    await ended(await serve("killed"));
    const last = await serve("idle");

    expect(await ended(last)).to.equal(0);
    expect(runs().get("poison")).to.equal(2);
    expect((await left()).counts).to.include({ dead: 1, running: 0 });
  });
});
