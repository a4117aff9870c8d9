import { cpSync, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { root, scratchFolder } from "../bootstrap/scratch.js";
import { filesIn, needsProgram, runs, text } from "./files.js";

const scripts = filesIn("docker", "deploy").filter((name) => text(name).startsWith("#!/bin/sh\n"));

describe("the scripts of a deployment", () => {
  it("are read by every shell, stop at the first failure, and may be run", () => {
    expect(scripts).to.have.length(12);
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
  const docker = (): string => join(folder(), "docker");
  const file = (): string => join(docker(), ".env");
  const make = (...args: string[]): ReturnType<typeof runs> =>
    runs("sh", [join(docker(), "make-env"), ...args]);

  before(() => {
    // What a clone is that was made with "umask 077".
    const stores = "deploy/kubernetes/components/stores";
    for (const path of ["docker", stores]) {
      cpSync(join(root, path), join(folder(), path), { recursive: true });
    }
    runs("rm", ["-rf", file(), join(docker(), "backups")]);
    runs("chmod", ["-R", "go=", docker(), join(folder(), stores)]);
  });

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
    const drafts = readdirSync(docker()).filter((name) => name.startsWith(".env"));
    expect(drafts).to.deep.equal([".env"]);
  });

  it("are no reason to close to the containers what they are given of the sources", () => {
    const compose = text("docker/compose.yml");
    const mounted = [...compose.matchAll(/- (\.\S+):\/\S+:ro$/gm)].map((match) => match[1]!);
    expect(mounted).to.have.length(3);
    for (const path of [...mounted, "caddy/Caddyfile"]) {
      const found = statSync(join(docker(), path));
      expect(found.mode & 0o055, path).to.equal(found.isDirectory() ? 0o055 : 0o044);
    }
    expect(statSync(join(docker(), "compose.yml")).mode & 0o077).to.equal(0);
  });
});
