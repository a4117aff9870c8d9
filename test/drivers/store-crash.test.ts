import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { builtChild } from "../support/built.js";
import type { Thing } from "./store.conformance-support.js";

const source = new URL("store-crash-writer.ts", import.meta.url);
const ROUNDS = 8;

/** Lets a writer run for a moment, kills it, and gives the numbers it had been promised. */
async function writeUntilKilled(writer: readonly string[], moment: number): Promise<number[]> {
  const child = spawn(process.execPath, writer, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: number[] = [];
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "ready") setTimeout(() => child.kill("SIGKILL"), moment);
    else if (/^\d+$/.test(line)) acknowledged.push(Number(line));
  }
  await ended;
  return acknowledged;
}

describe("The embedded store, when its process is killed", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "parvis-crash-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("keeps every write it acknowledged, and its indexes agree with its records", async function () {
    this.timeout(60_000);
    const program = await builtChild(source);
    const path = join(folder, "store.db");
    const promised: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const moment = 5 + Math.floor(Math.random() * 120);
      promised.push(...(await writeUntilKilled([program, path, `${round}000000`], moment)));

      const store = openSqliteStore(path, { ttlIntervalMs: 0 });
      await store.check({ full: true });
      const rows = store.collection<Thing>("rows");
      const found = await rows.find({ n: { $gte: 0 } }, { sort: { n: 1 } }).toArray();
      const tagged = await rows.countDocuments({ tags: "all" });
      await store.close();

      const present = new Set(found.map((row) => row["n"] as number));
      expect(promised.filter((n) => !present.has(n))).to.deep.equal([]);
      expect(tagged).to.equal(found.length);
    }
    expect(promised.length).to.be.greaterThan(ROUNDS);
  });
});
