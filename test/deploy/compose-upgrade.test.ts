import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";
import { docker } from "./docker.js";
import { runs } from "./files.js";

describe("an upgrade with compose", () => {
  const folder = scratchFolder();
  const backups = (): string => join(folder(), "docker/backups");
  const upgrade = (env: string, more: NodeJS.ProcessEnv = {}): ReturnType<typeof runs> => {
    rmSync(backups(), { recursive: true, force: true });
    return upgradeAgain(env, more);
  };
  const webs = (): string => join(folder(), "webs");
  /** Containers of `web`, by their images. */
  const run = (...images: string[]): void => {
    rmSync(webs(), { recursive: true, force: true });
    write(webs(), Object.fromEntries(images.map((image, at) => [`${at + 1}`, `${image}\n`])));
  };
  const upgradeAgain = (env: string, more: NodeJS.ProcessEnv = {}): ReturnType<typeof runs> => {
    write(folder(), { log: "", "docker/.env": env });
    return runs("sh", [join(folder(), "docker/upgrade")], {
      ...{ PATH: `${join(folder(), "bin")}:${process.env["PATH"]}`, LOG: join(folder(), "log") },
      ...{ VOLUME: join(folder(), "volume"), WEBS: webs(), PARVIS_PATIENCE: "0", ...more },
    });
  };
  const said = (): string => readFileSync(join(folder(), "log"), "utf8");

  before(() => {
    for (const path of ["docker", "deploy/kubernetes/components/stores"]) {
      cpSync(join(root, path), join(folder(), path), { recursive: true });
    }
    write(folder(), { "bin/docker": docker });
    chmodSync(join(folder(), "bin/docker"), 0o755);
    mkdirSync(join(folder(), "volume"));
  });
  beforeEach(() => run("old"));

  it("makes a backup, builds beside the running servers, and has Caddy read its configuration", () => {
    const done = upgrade("");

    expect(done.code, done.out).to.equal(0);
    const [backup] = readdirSync(backups());
    expect(backup).to.match(/^before-upgrade-\d{8}T\d{6}Z\.backup$/);
    expect(said()).to.match(
      /cli backup --to .*\n(?:.*\n)+.* build --pull web worker cli\n(?:.*\n)*.* up -d --no-build --wait\n.* exec -T caddy caddy reload --config \/etc\/caddy\/Caddyfile\n$/,
    );
  });

  it("takes the image that is named, and builds none", () => {
    expect(upgrade("PARVIS_IMAGE=registry.example/parvis:2\n").code).to.equal(0);
    expect(said())
      .to.match(/ pull web worker cli\n(?:.*\n)*.* up -d --no-build --wait\n/)
      .and.not.match(/ build /);
  });

  it("seals that backup where there is a pass phrase", () => {
    const sealed = (): boolean => /cli backup --to \S+ --encrypt /.test(said());
    for (const env of ["", "PARVIS_BACKUP_PASSPHRASE=\n", 'PARVIS_BACKUP_PASSPHRASE=""\n']) {
      upgrade(env);
      expect(sealed(), env).to.equal(false);
    }
    upgrade("PARVIS_BACKUP_PASSPHRASE='quatre mots pour une place'\n");
    expect(sealed()).to.equal(true);
    upgrade("", { PARVIS_BACKUP_PASSPHRASE: "quatre mots pour une place" });
    expect(sealed()).to.equal(true);
  });

  describe("of several webs", () => {
    const serving = (): string[] =>
      readdirSync(webs()).map((id) => readFileSync(join(webs(), id), "utf8").trim());
    const upgradeOf = (images: string[], more: NodeJS.ProcessEnv = {}): number | null => {
      run(...images);
      return upgrade("", more).code;
    };

    it("has a new one ready before an old one goes, and makes none anew that compose left", () => {
      expect(upgradeOf(["old", "old"])).to.equal(0);

      expect(serving()).to.deep.equal(["new", "new"]);
      const steps = said().match(/(?<= )--scale web=\d|^stop \d/gm);
      expect(steps).to.deep.equal(["--scale web=3", "stop 1", "--scale web=3", "stop 2"]);
      expect(said().match(/ up .*--scale.*/g)![0]).to.equal(
        " up -d --no-recreate --no-build --scale web=3 web",
      );
    });

    it("leaves those that serve alone, with their image, when the new version does not get ready", () => {
      expect(upgradeOf(["old", "old"], { BROKEN: "new" })).to.equal(1);

      expect(serving()).to.deep.equal(["old", "old"]);
      expect(said())
        .to.match(/^logs --tail 20 3\n(?:.*\n)*tag old parvis:local\n$/m)
        .and.not.match(/ up -d --no-build --wait|^stop/m);
    });

    it("takes one that is not healthy just now for one of them, and proves the new version before it goes", () => {
      expect(upgradeOf(["sick", "old"], { BROKEN: "sick" })).to.equal(0);
      expect(serving()).to.deep.equal(["new", "new"]);

      expect(upgradeOf(["sick"], { BROKEN: "sick new" })).to.equal(1);
      expect(serving()).to.deep.equal(["sick"]);
      expect(said()).to.match(/^tag sick parvis:local$/m);
    });

    it("leaves no new one, nor its image, where one cannot be started beside the others", () => {
      expect(upgradeOf(["old"], { FAIL: "--scale" })).to.equal(1);

      expect(serving()).to.deep.equal(["old"]);
      expect(said()).to.match(/^tag old parvis:local$/m);
    });

    it("counts none that has stopped", () => {
      expect(upgradeOf(["gone", "old"], { STOPPED: "gone" })).to.equal(0);

      expect(serving()).to.deep.equal(["new"]);
    });

    it("starts a web where none runs", () => {
      expect(upgradeOf(["gone"], { STOPPED: "gone" })).to.equal(0);

      expect(serving()).to.deep.equal(["new"]);
    });

    it("makes the backup with the version that runs, which can read it again", () => {
      upgradeOf(["old"], { PARVIS_IMAGE: "registry.example/parvis:2" });

      expect(said()).to.match(/ cli backup --to \S+ \(old\)\n/);
    });
  });

  describe("after others, of which the last two failed", () => {
    const days = ["01", "02", "03", "04"];
    const older = days.map((day) => `before-upgrade-202601${day}T120000Z.backup`);
    const others = ["city.backup", "parvis-20260101T031500Z.backup"];
    const kept = (): string[] =>
      readdirSync(backups()).filter((name) => older.includes(name) || others.includes(name));
    const last = (): string => readlinkSync(join(backups(), "last-upgrade"));

    beforeEach(() => {
      rmSync(backups(), { recursive: true, force: true });
      write(backups(), Object.fromEntries([...older, ...others].map((name) => [name, "old"])));
      symlinkSync(older[1]!, join(backups(), "last-upgrade"));
    });

    it("keeps the first backup since the last that ended well, and the newest, for as long as none does", () => {
      expect(upgradeAgain("", { FAIL: "up -d --no-build" }).code).to.equal(1);

      expect(kept()).to.have.members([...older.slice(0, 3), ...others]);
      expect(readdirSync(backups())).to.have.length(7);
      expect(last()).to.equal(older[1]);
    });

    it("throws away those that are older than the last that ended well", () => {
      expect(upgradeAgain("").code).to.equal(0);

      expect(kept()).to.have.members([...older.slice(1, 3), ...others]);
      expect(last()).to.match(/^before-upgrade-\d{8}T\d{6}Z\.backup$/);
      expect(readFileSync(join(backups(), last()), "utf8")).to.equal("all of the city\n");
    });

    it("keeps the very first one where none ended well yet", () => {
      rmSync(join(backups(), "last-upgrade"));

      expect(upgradeAgain("", { FAIL: "up -d --no-build" }).code).to.equal(1);

      expect(kept()).to.have.members([older[0], ...others]);
    });

    it("throws nothing away where somebody took the backup of the last away", () => {
      rmSync(join(backups(), older[1]!));

      expect(upgradeAgain("").code).to.equal(0);

      expect(kept()).to.include.members([older[0], older[2], older[3]]);
    });
  });

  it("changes nothing without a backup", () => {
    expect(upgrade("", { FAIL: "cli backup" }).code).to.equal(1);
    expect(said()).to.not.match(/ pull | build | up (?!-d --no-recreate --wait)/);
  });
});
