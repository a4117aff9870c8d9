import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chownSync, cpSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { root, scratchFolder } from "../bootstrap/scratch.js";
import { text } from "./files.js";

/**
 * Does what docker/Dockerfile says, without Docker: its steps in an empty folder, then its command as a
 * user who can write to DATA_DIR and nowhere else. Run by "npm run try:image": it installs from the lock,
 * which takes a registry and half a minute.
 */
const nobody = 65_534;

interface Step {
  readonly keyword: string;
  readonly said: string;
}

const stages = text("docker/Dockerfile")
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((stage) =>
    [...stage.matchAll(/^([A-Z]+) (.*)$/gm)].map((line): Step => ({
      keyword: line[1]!,
      said: line[2]!,
    })),
  );
const wordsOf = (keyword: string): string[] =>
  JSON.parse(stages[1]!.find((step) => step.keyword === keyword)?.said ?? "[]") as string[];

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Runs a step as nobody, with nothing of the environment but where programs are. */
function step(command: string, cwd: string, home: string): void {
  const { PATH } = process.env;
  const done = spawnSync("setpriv", [...asNobody, "sh", "-c", command], {
    cwd,
    encoding: "utf8",
    env: { PATH, HOME: home },
  });
  expect(done.status, `${command}\n${done.stdout}${done.stderr}`).to.equal(0);
}
const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--no-new-privs"];

function owned(folder: string): string {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, nobody, nobody);
  return folder;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** The steps of the first stage, all of them. */
function build(app: string, home: string): void {
  for (const { keyword, said } of stages[0]!) {
    if (keyword === "COPY") {
      const names = said.split(" ").slice(0, -1);
      for (const name of names) copy(join(root, name), join(app, name));
      // What a clone is that was made with "umask 077".
      for (const name of names) spawnSync("chmod", ["-R", "go=", join(app, name)]);
      spawnSync("chown", ["-R", `${nobody}:${nobody}`, app]);
    }
    if (keyword === "RUN") step(said, app, home);
  }
}

async function answer(url: string): Promise<Response> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      return await fetch(url, { redirect: "manual" });
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe("the image, made without Docker", function () {
  const folder = scratchFolder();
  const image = (): string => join(folder(), "image");
  let server: ChildProcess | null = null;
  let port = 0;
  const env = (): NodeJS.ProcessEnv => ({
    ...{ PATH: process.env["PATH"], NODE_ENV: "production", PORT: `${port}` },
    ...{ DATA_DIR: join(folder(), "data"), PUBLIC_URL: `http://localhost:${port}` },
  });

  before(function () {
    if (process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0) return;
    console.log("skipped: the image (needs root and setpriv, to become nobody)");
    this.skip();
  });
  after(() => server?.kill("SIGKILL"));

  it("is built from the lock by somebody who is not root, without what is for development", () => {
    spawnSync("chmod", ["755", folder()]);
    const app = owned(join(folder(), "app"));

    build(app, owned(join(folder(), "home")));

    for (const { said } of stages[1]!.filter(({ keyword }) => keyword === "COPY")) {
      const [, from = "", to = ""] = said.split(" ");
      copy(join(app, from.replace("/app/", "")), join(image(), to));
    }
    const packages = readdirSync(join(image(), "node_modules"));
    expect(packages)
      .to.include("express")
      .and.not.include.members(["mocha", "typescript", "esbuild"]);
  });

  it("makes a city on the command line", async () => {
    port = await freePort();
    owned(join(folder(), "data"));
    const city = ["--origin", `http://localhost:${port}`, "--name", "Ville", "--kind", "city"];
    const words = ["node", "dist/cli.js", "instance", "create", ...city];
    const done = spawnSync("setpriv", [...asNobody, ...words], {
      ...{ cwd: image(), env: env(), encoding: "utf8" },
    });
    expect(done.status, done.stderr).to.equal(0);
  });

  it("serves its front page, says that it is ready, and ends with 0 when it is told to stop", async () => {
    const words = [...asNobody, ...wordsOf("CMD")];
    const stdio = ["ignore", "pipe", "inherit"] as const;
    server = spawn("setpriv", words, { cwd: image(), env: env(), stdio: [...stdio] });
    const started = new Promise<void>((resolve) => {
      server?.stdout?.on("data", (said: Buffer) => {
        if (said.includes('"listening"')) resolve();
      });
    });
    const ended = new Promise((resolve) =>
      server?.once("exit", (code, signal) => resolve(code ?? signal)),
    );

    const ready = await answer(`http://127.0.0.1:${port}/readyz`);
    const page = await answer(`http://localhost:${port}/`);
    await started;
    server.kill("SIGTERM");

    expect([ready.status, page.status]).to.deep.equal([200, 200]);
    expect(await page.text()).to.include("Ville");
    expect(await ended).to.equal(0);
    expect(readdirSync(join(folder(), "data"))).to.include.members(["parvis.db", "secret"]);
    expect(readdirSync(image()).sort().join(" ")).to.equal(
      "LICENSE dist node_modules package.json views",
    );
  });
});
