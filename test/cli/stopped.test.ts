import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { builtChild } from "../support/built.js";
import { collectGarbage } from "../support/garbage.js";
import { aBucket, type Bucket } from "../support/s3.js";
import { openDesk, type Desk } from "./support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("a command that somebody stops", function () {
  this.timeout(60_000);
  const [town, place] = [openDesk(), openDesk()];
  const file = join(town.dataDir, "town.backup");
  let bucket: Bucket;
  let cli: string;
  before(async () => {
    cli = await builtChild(new URL("../../src/cli.ts", import.meta.url));
    bucket = await aBucket();
    const city = ["--origin", "https://valmont.example", "--name", "Valmont", "--kind", "city"];
    await town.run(["instance", "create", ...city]);
    await createFileMedia(join(town.dataDir, "media")).put("town", Buffer.from("a picture"), "png");
    await collectGarbage();
    expect((await town.run(["backup", "--to", file])).code).to.equal(0);
  });
  after(async () => {
    for (const desk of [town, place]) desk.remove();
    await bucket.close();
  });

  /** A command in a process of its own, told to stop while the bucket lets it wait. */
  async function stopped(
    desk: Desk,
    argv: readonly string[],
    signal: NodeJS.Signals,
  ): Promise<{ code: number | null; err: string }> {
    let goOn = (): void => undefined;
    bucket.faults.push(new Promise((resolve) => (goOn = resolve)));
    const before = bucket.asked.length;
    const child = spawn(process.execPath, [cli, ...argv], {
      ...{ cwd: root, stdio: ["ignore", "ignore", "pipe"] },
      env: { ...process.env, NODE_OPTIONS: "", MONGODB_URL: "", ...desk.env, ...bucket.env },
    });
    const ended = once(child, "close") as Promise<[number | null]>;
    let err = "";
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    const until = async (isSo: () => boolean): Promise<void> => {
      while (child.exitCode === null && !isSo()) await new Promise((on) => setTimeout(on, 5));
    };
    await until(() => bucket.asked.length > before);
    child.kill(signal);
    await until(() => err.includes("Stopping."));
    goOn();
    return { code: (await ended)[0], err };
  }

  it("leaves no half of a backup on the disk", async () => {
    const target = join(town.dataDir, "second.backup");

    const { code, err } = await stopped(town, ["backup", "--to", target], "SIGINT");

    expect(code, err).to.equal(1);
    expect(err).to.equal("Stopping.\nStopped before the end: run the same command again.\n");
    const left = readdirSync(town.dataDir).filter((name) => name.startsWith("second"));
    expect(left).to.deep.equal([]);
  });

  it("leaves a place as it was before a restore", async () => {
    const { code, err } = await stopped(place, ["restore", "--force", "--from", file], "SIGTERM");

    expect(code, err).to.equal(1);
    expect(err).to.include("Stopped before the end");
    expect(existsSync(join(place.dataDir, "restoring"))).to.equal(false);
    expect((await place.run(["instance", "list"])).out).to.equal("There is no instance yet.\n");
  });
});
