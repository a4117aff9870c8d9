import { cpSync, existsSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root, run, scratchFolder, write, type Outcome } from "./scratch.js";

/** Stands in for npm: notes its words, lends the built tool, and leaves npm's own note behind. */
const npm = `
import { appendFileSync, mkdirSync, symlinkSync, copyFileSync, existsSync } from "node:fs";
appendFileSync("npm.log", process.argv.slice(2).join(" ") + "\\n");
if (existsSync("offline")) { console.error("npm error network unreachable"); process.exit(1); }
mkdirSync("node_modules", { recursive: true });
if (!existsSync("node_modules/esbuild")) symlinkSync(${JSON.stringify(join(root, "node_modules/esbuild"))}, "node_modules/esbuild", "dir");
copyFileSync("package-lock.json", "node_modules/.package-lock.json");
`;
const lock = (version: string) =>
  JSON.stringify({ packages: { "": {}, "node_modules/one": { version, integrity: version } } });

describe("starting from a fresh clone", function () {
  this.timeout(60_000);
  const folder = scratchFolder();
  const start = (...args: string[]): Promise<Outcome> =>
    run(["src/bootstrap/start.mjs", ...args], folder(), {
      npm_execpath: join(folder(), "npm.mjs"),
    });
  const npmCalls = () =>
    existsSync(join(folder(), "npm.log"))
      ? readFileSync(join(folder(), "npm.log"), "utf8").trim().split("\n")
      : [];

  before(() => {
    cpSync(join(root, "src/bootstrap"), join(folder(), "src/bootstrap"), { recursive: true });
    write(folder(), {
      "npm.mjs": npm,
      "package.json": JSON.stringify({ type: "module", engines: { node: ">=20.19.0" } }),
      "package-lock.json": lock("1.0.0"),
      "src/main.ts":
        'import { word } from "./kit/word.js";\nconst said: string = word;\nconsole.log(said, process.argv.slice(2).join(","), process.ppid);\n',
      "src/kit/word.ts": 'export const word = "open";\n',
      "src/kit/words.json": "{}",
      "views/home.hbs": "home",
    });
  });

  it("tells in plain words that nothing could be installed, and leaves nothing half done", async () => {
    write(folder(), { offline: "" });

    const outcome = await start("main");

    rmSync(join(folder(), "offline"));
    expect(outcome.code).to.equal(1);
    expect(outcome.out).to.include("Could not install the packages").and.not.include("    at ");
  });

  it("installs and builds once, in two quiet lines, then starts in the same process", async () => {
    const outcome = await start("main", "one", "two");

    expect(outcome.out).to.equal(
      `Installing (first start only)…\nBuilding…\nopen one,two ${process.pid}\n`,
    );
    expect(npmCalls().at(-1)).to.include("ci --include=dev");
    expect(existsSync(join(folder(), "dist/kit/words.json"))).to.equal(true);
    expect(existsSync(join(folder(), "dist/bootstrap"))).to.equal(false);
  });

  it("starts again at once, without npm, when nothing has changed", async () => {
    const calls = npmCalls().length;

    const outcome = await start("main");

    expect(outcome.out).to.equal(`open  ${process.pid}\n`);
    expect(npmCalls()).to.have.length(calls);
  });

  it("builds anew when a source or a page has changed, and forgets deleted sources", async () => {
    write(folder(), { "src/kit/word.ts": 'export const word = "still open";\n' });
    rmSync(join(folder(), "src/kit/words.json"));
    const changed = await start("main");
    utimesSync(join(folder(), "views/home.hbs"), 1, 1);
    const touched = await start("main");

    expect(changed.out).to.equal(`Building…\nstill open  ${process.pid}\n`);
    expect(touched.out).to.include("Building…");
    expect(existsSync(join(folder(), "dist/kit/words.json"))).to.equal(false);
  });

  it("keeps the last good build when a source cannot be built", async () => {
    write(folder(), { "src/kit/word.ts": "export const word = ;\n" });

    const outcome = await start("main");

    expect(outcome.code).to.equal(1);
    expect(outcome.out).to.include("Could not build Parvis.").and.include("word.ts");
    expect(existsSync(join(folder(), "dist/main.js"))).to.equal(true);
    write(folder(), { "src/kit/word.ts": 'export const word = "open";\n' });
  });

  it("sweeps up what a killed build has left", async () => {
    write(folder(), { ".dist-new-99999999/main.js": "", "views/home.hbs": "home again" });

    await start("main");

    expect(existsSync(join(folder(), ".dist-new-99999999"))).to.equal(false);
  });

  it("installs what a newer lock adds without emptying what a running server uses", async () => {
    write(folder(), { "package-lock.json": lock("1.1.0") });

    const outcome = await start("main");

    expect(outcome.out).to.include("Installing what has changed…");
    expect(npmCalls().at(-1)).to.include("install --no-save");
  });

  it("notices that npm has already installed a newer lock", async () => {
    write(folder(), {
      "package-lock.json": lock("1.2.0"),
      "node_modules/.package-lock.json": lock("1.2.0"),
    });
    const calls = npmCalls().length;

    await start("main");

    expect(npmCalls()).to.have.length(calls);
  });

  it("says so when there is nothing of that name to start", async () => {
    const outcome = await start("nothing");

    expect(outcome.code).to.equal(1);
    expect(outcome.out).to.include('There is no "nothing" to start.');
  });
});
