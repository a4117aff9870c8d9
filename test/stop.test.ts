import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { builtChild } from "./support/built.js";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("A server that is told to stop", function () {
  this.timeout(60_000);

  it("ends well although it was only just starting", async () => {
    const program = await builtChild(new URL("../src/main.ts", import.meta.url));
    const dataDir = mkdtempSync(join(tmpdir(), "parvis-stop-"));
    const env = { ...process.env, DATA_DIR: dataDir, PORT: "0", MONGODB_URL: "", REDIS_URL: "" };
    const child = spawn(process.execPath, [program], {
      ...{ cwd: root, env, stdio: "ignore" },
    });
    const ended = new Promise((resolve) =>
      child.once("exit", (code, signal) => resolve({ code, signal })),
    );

    while (!existsSync(join(dataDir, "parvis.db"))) await pause(5);
    child.kill("SIGTERM");

    expect(await ended).to.deep.equal({ code: 0, signal: null });
    rmSync(dataDir, { recursive: true, force: true });
  });
});
