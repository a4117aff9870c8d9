import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { builtChild } from "../support/built.js";
import { openDesk, type Desk } from "./support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Imported {
  readonly _id: string;
  readonly importKey: string;
  readonly parentId?: string | null;
  readonly rootId?: string;
  readonly depth?: number;
  readonly proposalId?: string;
  readonly counts?: object;
  readonly decision?: string;
}

function manyRows(count: number): string {
  const at = (n: number): string => new Date(Date.UTC(2016, 1, 1) + n * 60_000).toISOString();
  const made = Array.from({ length: count }, (_, n) => ({
    ...{
      code: `R-${n}`,
      title: `Proposition ${n}`,
      body: "Des bancs à l’ombre, svp.",
      supports: n,
    },
    ...{ createdAt: at(n), author: `citizen-${n % 50}`, status: n % 3 ? "accepted" : "rejected" },
    subcategory: `Thème ${n % 7}`,
    comments: [0, 1, 2].map((step) => ({
      ...{ id: n * 3 + step, parent: step === 0 ? null : n * 3 + step - 1 },
      ...{ author: `citizen-${step}`, body: "<p>Oui</p>", createdAt: at(n + step + 1) },
    })),
  }));
  return made.map((row) => JSON.stringify(row)).join("\n");
}

/** What was brought in, by keys that two deployments share. */
async function stateOf({ dataDir }: Desk): Promise<object> {
  const store = openSqliteStore(join(dataDir, "parvis.db"));
  const read = (name: string) => store.collection<Imported>(name).find({}).toArray();
  const [proposals, comments, responses, topics] = await Promise.all(
    ["proposals", "comments", "responses", "topics"].map(read),
  );
  await store.check();
  await store.close();
  const keys = new Map(
    [...(proposals ?? []), ...(comments ?? [])].map((r) => [r._id, r.importKey]),
  );
  const keyOf = (id: string | null | undefined): string | null =>
    id == null ? null : (keys.get(id) ?? "dangling");
  const sorted = (lines: string[] = []): string[] => lines.sort();
  return {
    proposals: sorted(proposals?.map((p) => `${p.importKey} ${JSON.stringify(p.counts)}`)),
    comments: sorted(
      comments?.map(
        (c) =>
          `${c.importKey} ${keyOf(c.parentId)} ${keyOf(c.rootId)} ${c.depth} ${keyOf(c.proposalId)}`,
      ),
    ),
    responses: sorted(responses?.map((r) => `${keyOf(r.proposalId)} ${r.decision}`)),
    topics: topics?.length,
  };
}

async function proposalsIn({ dataDir }: Desk): Promise<number> {
  const store = openSqliteStore(join(dataDir, "parvis.db"), { ttlIntervalMs: 0 });
  try {
    return await store.collection("proposals").countDocuments({});
  } finally {
    await store.close();
  }
}

/** Seven batches: time enough to be killed between the first and the last on a quick machine. */
const rows = 1_400;

describe("an import whose process is killed", function () {
  this.timeout(120_000);
  const desks = [openDesk(), openDesk()] as const;
  after(() => desks.forEach((desk) => desk.remove()));

  it("goes on when it is run again, and ends as one that was left in peace", async () => {
    const [killed, peaceful] = desks;
    const cli = await builtChild(new URL("../../src/cli.ts", import.meta.url));
    const path = join(killed.dataDir, "rows.ndjson");
    writeFileSync(path, manyRows(rows));
    const origin = "https://valmont.example";
    for (const desk of desks) {
      const city = ["--origin", origin, "--name", "Valmont", "--kind", "city"];
      expect((await desk.run(["instance", "create", ...city])).code).to.equal(0);
    }
    const command = ["import", path, "--instance", "valmont.example", "--source", "site"];

    const child = spawn(process.execPath, [cli, ...command], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: "", MONGODB_URL: "", ...killed.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
    const ended = new Promise<string | null>((resolve) =>
      child.once("exit", (_code, signal) => resolve(signal)),
    );
    while ((await proposalsIn(killed)) === 0 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    expect(await ended, complaint).to.equal("SIGKILL");
    const before = await proposalsIn(killed);
    const again = await killed.run(command);
    const whole = await peaceful.run(command);

    expect(before).to.be.greaterThan(0).and.lessThan(rows);
    expect([again.code, whole.code]).to.deep.equal([0, 0]);
    expect(whole.out).to.include(`${rows} proposals, ${3 * rows} comments, ${rows} answers`);
    expect(await stateOf(killed)).to.deep.equal(await stateOf(peaceful));
  });
});
