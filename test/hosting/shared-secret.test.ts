import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { checkSecret } from "../../src/cli/doctor-checks.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { isSecretKnown, rememberSecret } from "../../src/drivers/store/deployment-secret.js";
import { partNames } from "../../src/drivers/store/parts.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { builtChild } from "../support/built.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [ours, theirs] = ["a secret of the first process alone", "another one of the second process"];

describe("The secret with which a deployment signs people in", () => {
  let store: Store;
  beforeEach(() => void (store = openSqliteStore(":memory:", { ttlIntervalMs: 0 })));
  afterEach(() => store.close());

  it("is known again by every process that has the same, and told apart from another", async () => {
    expect(await isSecretKnown(store, ours)).to.equal(true);

    expect(await rememberSecret(store, ours)).to.equal(true);
    expect(await rememberSecret(store, ours)).to.equal(true);
    expect(await isSecretKnown(store, theirs)).to.equal(false);
    expect(await rememberSecret(store, theirs)).to.equal(false);
    expect(await rememberSecret(store, ours)).to.equal(false);
  });

  it("is nowhere in the store, and what it is known by in no backup", async () => {
    await rememberSecret(store, ours);

    const rows = await store.collection("deployment").find({}).toArray();
    expect(rows).to.have.length(1);
    expect(JSON.stringify(rows)).not.to.contain(ours);
    expect(await partNames(store)).to.deep.equal([]);
  });

  it("is looked at by doctor: two processes with one each sign people out of each other", async () => {
    expect(await checkSecret(store, ours)).to.deep.equal([]);
    await rememberSecret(store, ours);

    expect(await checkSecret(store, ours)).to.deep.equal([]);
    const [found] = await checkSecret(store, theirs);
    expect(found?.level).to.equal("warn");
    expect(found?.remedy).to.contain("SECRET");
  });
});

describe("A server that starts with another secret than the last one", function () {
  this.timeout(60_000);

  it("says so, and serves all the same", async () => {
    const program = await builtChild(new URL("../../src/main.ts", import.meta.url));
    const dataDir = mkdtempSync(join(tmpdir(), "parvis-secret-"));
    /** What a start logs until it listens. */
    const started = async (SECRET: string): Promise<string> => {
      const child = spawn(process.execPath, [program], {
        ...{ cwd: root, stdio: ["ignore", "pipe", "inherit"] },
        env: {
          ...process.env,
          ...{ DATA_DIR: dataDir, PORT: "0", MONGODB_URL: "", REDIS_URL: "", SECRET },
        },
      });
      let said = "";
      for await (const part of child.stdout.setEncoding("utf8")) {
        said += part;
        if (said.includes('"listening"')) child.kill("SIGTERM");
      }
      return said;
    };

    const first = await started(ours);
    const second = await started(theirs);
    rmSync(dataDir, { recursive: true, force: true });

    expect(first).to.contain('"listening"').and.not.to.contain("another SECRET");
    expect(second).to.contain('"listening"').and.to.contain("another SECRET");
    expect(second).not.to.contain(theirs);
  });
});
