import {
  chmodSync,
  cpSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";
import { docker } from "./docker.js";
import { runs } from "./files.js";

describe("backup and restore with compose", () => {
  const folder = scratchFolder();
  const log = (): string => join(folder(), "log");
  const said = (): string => readFileSync(log(), "utf8");
  const volume = (): string => join(folder(), "volume");
  const call = (
    script: string,
    args: string[],
    more: NodeJS.ProcessEnv = {},
  ): ReturnType<typeof runs> => {
    write(folder(), { log: "" });
    const path = `${folder()}:${process.env["PATH"]}`;
    const env = { PATH: path, LOG: log(), VOLUME: volume(), ...more };
    return runs("sh", [resolve(root, "docker", script), ...args], env);
  };
  const leftInside = (): string[] => readdirSync(join(volume(), "under-way"));
  const monthAgo = Date.now() / 1_000 - 30 * 86_400;
  const target = (): string => join(folder(), "kept", "city.backup");

  before(() => {
    write(folder(), {
      ...{ docker, "volume/under-way/123-456": "a restore under way" },
      ...{ "volume/before.backup": "of somebody who deletes a city" },
    });
    utimesSync(join(volume(), "before.backup"), monthAgo, monthAgo);
    chmodSync(join(folder(), "docker"), 0o755);
  });

  it("leave no file with the right name, and no other, when the backup was not whole", () => {
    for (const FAIL of ["cli backup", "--entrypoint cat"]) {
      expect(call("backup", [target()], { FAIL }).code).to.equal(1);
      expect(readdirSync(join(folder(), "kept"))).to.deep.equal([]);
      expect(leftInside()).to.deep.equal(["123-456"]);
    }
  });

  it("make one whole file, for its owner's eyes alone, and clean up inside", () => {
    write(folder(), { "volume/under-way/1-2.0a1b2c3d.part": "half, a month ago" });
    utimesSync(join(volume(), "under-way/1-2.0a1b2c3d.part"), monthAgo, monthAgo);

    const done = call("backup", [target(), "--encrypt"]);

    expect(done).to.deep.equal({ code: 0, out: `${target()}\n` });
    expect(readFileSync(target(), "utf8")).to.equal("all of the city\n");
    expect(statSync(target()).mode & 0o777).to.equal(0o600);
    expect(said()).to.match(/cli backup --to \/backup\/\S+ --encrypt\n/);
    expect(leftInside()).to.deep.equal(["123-456"]);
  });

  it("take the stores as they are, whatever compose.yml says of them by now", () => {
    for (const script of ["backup", "restore"]) {
      const file = script === "backup" ? `${target()}.3` : target();
      expect(call(script, [file]).code).to.equal(0);
      const inStores = said().match(/ (?:up|run) .*(?:redis|cli (?:backup|restore) ).*/g);
      expect(inStores![0]).to.equal(" up -d --no-recreate --wait mongodb redis");
      for (const run of inStores!.slice(1)) expect(run).to.match(/^ run --rm --no-deps cli /);
    }
  });

  it("throw away nothing that somebody else put into the volume, however old it is", () => {
    expect(readdirSync(volume())).to.deep.equal(["before.backup", "under-way"]);
  });

  it("stop the servers for a backup of one moment, and start them whatever becomes of it", () => {
    const other = `${target()}.2`;
    const inOrder = (names: string): RegExp =>
      new RegExp(`stop ${names}\\n.*cli backup --to \\S+\\n.*start ${names}\\n`);

    const failing = { RUNNING: "web\nworker", FAIL: "cli backup" };
    expect(call("backup", [other, "--one-moment"], failing).code).to.equal(1);
    expect(said()).to.match(inOrder("web worker"));
    expect(call("backup", [other, "--one-moment"]).code).to.equal(0);
    expect(said()).to.match(inOrder("web"));
  });

  it("keep as many as they are told of the nightly backups, and touch no other", () => {
    const backups = join(folder(), "city/backups");
    cpSync(join(root, "docker"), join(folder(), "city"), { recursive: true });
    rmSync(backups, { recursive: true, force: true });
    const older = ["20260101", "20260102", "20260103"].map((day) => `parvis-${day}T031500Z.backup`);
    const others = ["before-upgrade-20250101T031500Z.backup", "parvis-house.backup"];
    write(backups, Object.fromEntries([...older, ...others].map((name) => [name, "old"])));
    const nightly = (...args: string[]): ReturnType<typeof runs> =>
      call(join(folder(), "city/backup"), args);

    const half = "before-upgrade-20250101T031500Z.backup.part";
    write(backups, { [half]: "half, a month ago" });
    utimesSync(join(backups, half), monthAgo, monthAgo);

    expect(nightly("--keep=2", "--encrypt").code).to.equal(0);

    const left = readdirSync(backups).sort();
    expect(left)
      .to.include.members([...others, older[2]!])
      .and.have.length(4);
    for (const wrong of [["--keep=0"], ["--keep=all"], ["x.backup", "--keep=2"]])
      expect(nightly(...wrong).code, wrong.join(" ")).to.equal(64);
    expect(readdirSync(backups)).to.have.length(4);
  });

  it("write over no backup", () => {
    expect(call("backup", [target()]).code).to.equal(1);
    expect(said()).to.equal("");
  });

  it("give the file back with the servers stopped, and start them when all of it is there", () => {
    const done = call("restore", [target(), "--force"]);

    expect(done.code, done.out).to.equal(0);
    expect(readFileSync(`${log()}.taken`, "utf8")).to.equal("all of the city\n");
    expect(said()).to.match(
      /restore --check --from (\S+) --force\n.*stop web worker\n.*restore --from \1 --force\n.*up -d --wait\n/,
    );
    expect(leftInside()).to.deep.equal(["123-456"]);
  });

  it("let the site stay where the file is damaged, or would take the place of something unasked", () => {
    expect(call("restore", [target()], { FAIL: "restore --check" }).code).to.equal(1);
    expect(said()).to.not.match(/stop|up -d --wait|restore --from/);
  });

  it("keep the servers away from half of a city", () => {
    expect(call("restore", [target()], { FAIL: "restore --from" }).code).to.equal(1);
    expect(said()).to.include("stop web worker").and.not.include("up -d --wait");
  });

  it("start nothing that would speak in the city's name on a trial of a backup", () => {
    expect(call("restore", [target(), "--no-start", "--force"]).code).to.equal(0);
    expect(said())
      .to.include("restore --from")
      .and.not.match(/up -d --wait|--no-start/);
  });
});
