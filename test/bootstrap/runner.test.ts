import { join } from "node:path";
import { expect } from "chai";
import { root, run, scratchFolder, write, type Outcome } from "./scratch.js";

const suite = (body: string) => `describe("a suite", () => {\n${body}\n});\n`;

const files = {
  "passing.test.ts": suite(`it("holds", () => {}); it("waits"); it("holds too", async () => {});`),
  "failing.test.ts": suite(
    `it("holds", () => {}); it("breaks", () => { throw new Error("so"); });`,
  ),
  "hook.test.ts": suite(`before(() => { throw new Error("unset"); }); it("never runs", () => {});`),
  "loading.test.ts": `throw new Error("no such thing");\n`,
  "syntax.test.ts": `describe("half`,
  "empty.test.ts": `export const nothing = 1;\n`,
  "only.test.ts": `describe.${"on"}${"ly"}("a suite", () => { it("holds", () => {}); });\n`,
  "exits.test.ts": suite(`it("leaves", () => { console.log("last words"); process.exit(0); });`),
  "hangs.test.ts": suite(`it("turns forever", () => { for (;;) {} });`),
  "leaves-a-trap.test.ts": `${suite(
    `it("holds", () => { setTimeout(() => { console.log("a trap"); process.exit(3); }, 100); });`,
  )}// ${"The larger file goes first. ".repeat(10)}`,
  "slow.test.ts": suite(`it("holds", (done) => { setTimeout(done, 300); });`),
  "late.test.ts": suite(
    `it("throws later", () => new Promise(() => { setTimeout(() => { throw new Error("late"); }); }));`,
  ),
};

describe("the test command", function () {
  this.timeout(60_000);
  const folder = scratchFolder();
  before(() => write(folder(), files));

  const test = (names: string[], args: string[] = []): Promise<Outcome> => {
    const paths = names.map((name) => join(folder(), `${name}.test.ts`));
    return run([join(root, "test/run.mjs"), ...paths, ...args], root);
  };
  const lastLine = ({ out }: Outcome) => out.trimEnd().split("\n").at(-1);

  it("ends with the count and exit code 0 when all is well", async () => {
    const outcome = await test(["passing"]);

    expect(lastLine(outcome)).to.equal("2 passed, 0 failed, 1 skipped");
    expect(outcome.code).to.equal(0);
  });

  it("counts a failure, tells which and why, and ends with exit code 1", async () => {
    const outcome = await test(["passing", "failing"]);

    expect(lastLine(outcome)).to.equal("3 passed, 1 failed, 1 skipped");
    expect(outcome.out).to.include("FAILED: a suite breaks").and.include("Error: so");
    expect(outcome.code).to.equal(1);
  });

  it("counts what does not load, crashes or hides tests as failed, and runs the rest", async () => {
    const broken = ["hook", "loading", "syntax", "empty", "only", "exits", "late"];

    const outcome = await test([...broken, "passing"]);

    expect(lastLine(outcome)).to.equal("2 passed, 7 failed, 1 skipped");
    for (const name of broken)
      expect(outcome.out).to.match(new RegExp(`✘ \\S*${name}\\.test\\.ts`));
    for (const says of ["unset", "no such thing", "holds no test", "last words", "late"]) {
      expect(outcome.out).to.include(says);
    }
    expect(outcome.code).to.equal(1);
  });

  it("blames a crash on the file that left it behind, and still runs the next", async () => {
    const outcome = await test(["leaves-a-trap", "slow"], ["--jobs=1"]);

    expect(lastLine(outcome)).to.equal("2 passed, 1 failed");
    expect(outcome.out)
      .to.match(/✘ \S*leaves-a-trap\.test\.ts/)
      .and.include("a trap");
    expect(outcome.out).to.match(/✔ \S*slow\.test\.ts/);
  });

  it("ends a test that never ends, by its name", async () => {
    const outcome = await test(["hangs", "passing"], ["--file-seconds=8"]);

    expect(lastLine(outcome)).to.equal("2 passed, 1 failed, 1 skipped");
    expect(outcome.out).to.include("FAILED: a suite turns forever");
  });

  it("ends a whole run that takes too long", async () => {
    const outcome = await test(["hangs"], ["--run-seconds=5"]);

    expect(lastLine(outcome)).to.equal("0 passed, 1 failed");
    expect(outcome.out).to.include("hangs.test.ts");
    expect(outcome.code).to.equal(1);
  });

  it("fails when no test was chosen", async () => {
    const outcome = await test([], ["no-file-is-called-this"]);

    expect(lastLine(outcome)).to.equal("0 passed, 0 failed");
    expect(outcome.code).to.equal(1);
  });

  it("refuses a setting that it does not know", async () => {
    const outcome = await test(["passing"], ["--grep=x"]);

    expect(outcome.out).to.include('"--grep=x" is not known');
    expect(outcome.code).to.equal(1);
  });
});
