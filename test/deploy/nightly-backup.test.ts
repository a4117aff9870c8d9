import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";
import { needsProgram } from "./files.js";

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
  const lock = (): string => join(folder(), "upgrade.lock");
  const newest = (): string => readFileSync(join(folder(), "kept", kept().at(-1)!), "utf8");
  const call = (env: NodeJS.ProcessEnv = {}, ...under: string[]): number => {
    try {
      const [program, ...words] = [...under, "sh", join(root, "deploy/systemd/parvis-backup")];
      const given = {
        ...{ ...process.env, PARVIS_BACKUPS: join(folder(), "kept") },
        ...{ PARVIS_UPGRADE_LOCK: lock(), ...env },
      };
      execFileSync(program!, words, { cwd: folder(), env: given, stdio: "ignore" });
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

  it("gives no night's place to upgrades, and throws none of theirs away before one ended well", function () {
    const flock = needsProgram(this, "flock");
    const nights = kept();
    for (const day of ["01", "02", "03"])
      write(folder(), { [`kept/before-upgrade-202601${day}T120000Z.backup`]: "old" });

    expect(call({}, flock, lock())).to.equal(0);

    const upgrades = kept().filter((name) => name.startsWith("before-upgrade-"));
    expect(kept().filter((name) => !upgrades.includes(name))).to.deep.equal(nights);
    expect(upgrades).to.have.length(4).and.include("before-upgrade-20260101T120000Z.backup");
  });

  it("is a night's again once the upgrade is over, whatever ended it", () => {
    rmSync(join(folder(), "kept", kept().at(-1)!));

    expect(call()).to.equal(0);

    expect(kept().at(-1)).to.match(/^parvis-/);
    expect(newest()).to.equal("backup");
  });
});
