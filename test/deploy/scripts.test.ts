import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";
import { filesIn, needsProgram, runs, text } from "./files.js";

const scripts = filesIn("docker", "deploy").filter((name) => text(name).startsWith("#!/bin/sh\n"));

describe("the scripts of a deployment", () => {
  it("are read by every shell, stop at the first failure, and may be run", () => {
    expect(scripts).to.have.length(11);
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
    expect(secrets).to.have.length(7);
    expect(new Set(secrets).size).to.equal(7);
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

/**
 * Stands in for `docker`: notes its words, and does what they say in a folder that is the volume `backup`.
 * A backup is one line; one that fails leaves its beginning behind.
 */
const docker = `#!/bin/sh
echo "$*" >> "$LOG"
words=$*
entry=parvis
while [ $# -gt 0 ] && [ "$1" != cli ]; do
  [ "$1" != --entrypoint ] || entry=$2
  shift
done
[ $# -eq 0 ] || shift
for word; do
  shift
  case $word in
    /backup/*) word=$VOLUME/\${word#/backup/} ;;
  esac
  set -- "$@" "$word"
done
case $words in
  *"\${FAIL:-nothing}"*)
    case $words in *"cli backup"*) echo "half" > "$3.0a1b2c3d.part" ;; esac
    exit 1 ;;
esac
case $words in *" ps "*) echo "\${RUNNING:-web}" ;; esac
case $entry:$1 in
  parvis:backup) echo "all of the city" > "$3" ;;
  parvis:restore) while [ "$1" != --from ]; do shift; done; cp "$2" "$LOG.taken" ;;
  parvis:*) ;;
  *) exec "$entry" "$@" ;;
esac
`;

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
    return runs("sh", [join(root, "docker", script), ...args], env);
  };
  const target = (): string => join(folder(), "kept", "city.backup");

  before(() => {
    write(folder(), { docker, "volume/123-456": "a restore under way" });
    chmodSync(join(folder(), "docker"), 0o755);
  });

  it("leave no file with the right name, and no other, when the backup was not whole", () => {
    for (const FAIL of ["cli backup", "--entrypoint cat"]) {
      expect(call("backup", [target()], { FAIL }).code).to.equal(1);
      expect(readdirSync(join(folder(), "kept"))).to.deep.equal([]);
      expect(readdirSync(volume())).to.deep.equal(["123-456"]);
    }
  });

  it("make one whole file, for its owner's eyes alone, and clean up inside", () => {
    write(folder(), { "volume/1-2.0a1b2c3d.part": "half, a month ago" });
    const monthAgo = Date.now() / 1_000 - 30 * 86_400;
    utimesSync(join(volume(), "1-2.0a1b2c3d.part"), monthAgo, monthAgo);

    const done = call("backup", [target(), "--encrypt"]);

    expect(done).to.deep.equal({ code: 0, out: `${target()}\n` });
    expect(readFileSync(target(), "utf8")).to.equal("all of the city\n");
    expect(statSync(target()).mode & 0o777).to.equal(0o600);
    expect(said()).to.match(/cli backup --to \/backup\/\S+ --encrypt\n/);
    expect(readdirSync(volume())).to.deep.equal(["123-456"]);
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
    expect(readdirSync(volume())).to.deep.equal(["123-456"]);
  });

  it("let the site stay where the file is damaged, or would take the place of something unasked", () => {
    expect(call("restore", [target()], { FAIL: "restore --check" }).code).to.equal(1);
    expect(said()).to.not.match(/stop|up -d|restore --from/);
  });

  it("keep the servers away from half of a city", () => {
    expect(call("restore", [target()], { FAIL: "restore --from" }).code).to.equal(1);
    expect(said()).to.include("stop web worker").and.not.include("up -d");
  });

  it("start nothing that would speak in the city's name on a trial of a backup", () => {
    expect(call("restore", [target(), "--no-start", "--force"]).code).to.equal(0);
    expect(said())
      .to.include("restore --from")
      .and.not.match(/up -d|--no-start/);
  });
});

/** Stands in for the command line: writes its words, or fails and leaves the beginning of them behind. */
const cli = `
import { writeFileSync } from "node:fs";
const [, , name, , path, ...more] = process.argv;
writeFileSync(process.env.FAIL ? path + ".0a1b2c3d.part" : path, [name, ...more].join(" "));
process.exit(process.env.FAIL ? 1 : 0);
`;

describe("the nightly backup of one server", () => {
  const folder = scratchFolder();
  const kept = (): string[] => readdirSync(join(folder(), "kept")).sort();
  const newest = (): string => readFileSync(join(folder(), "kept", kept().at(-1)!), "utf8");
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
    expect(newest()).to.equal("backup");
  });

  it("is sealed where there is a pass phrase", () => {
    rmSync(join(folder(), "kept", kept().at(-1)!));
    expect(call({ PARVIS_BACKUP_PASSPHRASE: "quatre mots pour une place" })).to.equal(0);
    expect(newest()).to.equal("backup --encrypt");
  });
});
