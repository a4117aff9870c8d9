import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";
import { filesIn, needsProgram, runs, text } from "./files.js";

const scripts = filesIn("docker", "deploy").filter((name) => text(name).startsWith("#!/bin/sh\n"));

describe("the scripts of a deployment", () => {
  it("are read by every shell, stop at the first failure, and may be run", () => {
    expect(scripts).to.have.length(10);
    for (const script of scripts) {
      expect(runs("sh", ["-n", script]), script).to.deep.equal({ code: 0, out: "" });
      expect(text(script), script).to.match(/^set -eu$/m);
      expect(statSync(join(root, script)).mode & 0o111, script).to.equal(0o111);
    }
  });

  it("have no mistake that shellcheck finds", function () {
    const shellcheck = needsProgram(this, "shellcheck");
    expect(runs(shellcheck, scripts)).to.deep.equal({ code: 0, out: "" });
  });
});

describe("the secrets of a deployment with compose", () => {
  const folder = scratchFolder();
  const file = (): string => join(folder(), ".env");
  const make = (...args: string[]): ReturnType<typeof runs> =>
    runs("sh", [join(folder(), "make-env"), ...args]);

  before(() => copyFileSync(join(root, "docker/make-env"), join(folder(), "make-env")));

  it("are refused for what is no host or no address", () => {
    for (const host of ["https://a.example", "a.example/x", "$(id)", "A.example", ""]) {
      expect(make(host, "admin@a.example").code, host).to.equal(64);
    }
    for (const mail of ["admin", "a@b@c", "$(id)@a.example", "@a.example"]) {
      expect(make("a.example", mail).code, mail).to.equal(64);
    }
    expect(existsSync(file())).to.equal(false);
  });

  it("are made by chance, for their owner's eyes alone, and none twice", () => {
    expect(make("parvis.example", "admin@parvis.example").code).to.equal(0);

    const made = parseEnv(readFileSync(file(), "utf8"));
    const secrets = Object.values(made).filter((value) => /^[0-9a-f]{64}$/.test(value ?? ""));
    expect(secrets).to.have.length(6);
    expect(new Set(secrets).size).to.equal(6);
    expect(made["PUBLIC_URL"]).to.equal("https://parvis.example");
    expect(statSync(file()).mode & 0o777).to.equal(0o600);
  });

  it("are never written over", () => {
    const before = readFileSync(file(), "utf8");

    const again = make("other.example", "admin@other.example");

    expect(again.code).to.equal(1);
    expect(readFileSync(file(), "utf8")).to.equal(before);
    expect(readdirSync(folder()).sort()).to.deep.equal([".env", "make-env"]);
  });
});

/** Stands in for `docker`: notes its words; a backup is one line, which `cat` gives back. */
const docker = `#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
  *"\${FAIL:-nothing}"*) exit 1 ;;
  *"--entrypoint cat"*) echo "all of the city" ;;
  *"--entrypoint sh"*) cat > "$LOG.taken" ;;
esac
`;

describe("backup and restore with compose", () => {
  const folder = scratchFolder();
  const log = (): string => join(folder(), "log");
  const said = (): string => readFileSync(log(), "utf8");
  const call = (
    script: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
  ): ReturnType<typeof runs> => {
    write(folder(), { log: "" });
    const path = `${folder()}:${process.env["PATH"]}`;
    return runs("sh", [join(root, "docker", script), ...args], { PATH: path, LOG: log(), ...env });
  };
  const target = (): string => join(folder(), "kept", "city.backup");

  before(() => {
    write(folder(), { docker });
    chmodSync(join(folder(), "docker"), 0o755);
  });

  it("leave no file with the right name when the backup was not whole", () => {
    for (const FAIL of ["cli backup", "--entrypoint cat"]) {
      expect(call("backup", [target()], { FAIL }).code).to.equal(1);
      expect(readdirSync(join(folder(), "kept"))).to.deep.equal([]);
    }
  });

  it("make one whole file, for its owner's eyes alone, and clean up inside", () => {
    const done = call("backup", [target(), "--encrypt"]);

    expect(done).to.deep.equal({ code: 0, out: `${target()}\n` });
    expect(readFileSync(target(), "utf8")).to.equal("all of the city\n");
    expect(statSync(target()).mode & 0o777).to.equal(0o600);
    expect(said()).to.match(/cli backup --to \/backup\/\S+ --encrypt\n/);
    expect(said().trim().split("\n").at(-1)).to.match(/--entrypoint rm cli -rf \/backup\//);
  });

  it("write over no backup", () => {
    expect(call("backup", [target()]).code).to.equal(1);
    expect(said()).to.equal("");
  });

  it("give the file back with the servers stopped, and start them when all of it is there", () => {
    expect(call("restore", [target()]).code).to.equal(0);

    expect(readFileSync(`${log()}.taken`, "utf8")).to.equal("all of the city\n");
    expect(said()).to.match(
      /stop web worker\n.*cli restore --from \/backup\/\S+\n.*up -d --wait\n/,
    );
  });

  it("keep the servers away from half of a city", () => {
    expect(call("restore", [target()], { FAIL: "cli restore" }).code).to.equal(1);
    expect(said()).to.include("stop web worker").and.not.include("up -d");
  });
});

/** Stands in for the command line: writes one line, or fails in the middle of it. */
const cli = `
import { writeFileSync } from "node:fs";
writeFileSync(process.argv[4], "all of the city");
process.exit(process.env.FAIL ? 1 : 0);
`;

describe("the nightly backup of one server", () => {
  const folder = scratchFolder();
  const kept = (): string[] => readdirSync(join(folder(), "kept")).sort();
  const call = (env: NodeJS.ProcessEnv = {}): number => {
    try {
      const script = join(root, "deploy/systemd/parvis-backup");
      const given = { ...process.env, PARVIS_BACKUPS: join(folder(), "kept"), ...env };
      execFileSync("sh", [script], { cwd: folder(), env: given, stdio: "ignore" });
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };

  before(() => {
    write(folder(), { "dist/cli.js": cli, "package.json": '{ "type": "module" }' });
    mkdirSync(join(folder(), "kept"));
    for (let night = 1; night <= 20; night += 1) {
      const name = `parvis-202601${String(night).padStart(2, "0")}T031500Z.backup`;
      write(folder(), { [`kept/${name}`]: "old" });
    }
  });

  it("throws nothing away on a night when it fails", () => {
    expect(call({ FAIL: "yes" })).to.equal(1);
    expect(kept()).to.have.length(20);
  });

  it("keeps the newest fourteen", () => {
    expect(call()).to.equal(0);
    expect(kept()).to.have.length(14);
    expect(kept()[0]).to.equal("parvis-20260108T031500Z.backup");
    expect(readFileSync(join(folder(), "kept", kept().at(-1)!), "utf8")).to.equal(
      "all of the city",
    );
  });
});
