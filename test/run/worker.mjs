/** Runs the test files that its parent names, one after the other, and reports each by message. */
import { pathToFileURL } from "node:url";
import Mocha from "mocha";

const ON_SERVERS = process.env.PARVIS_TEST_ENGINE === "servers";
/** A server is farther away than a file. */
const TIMEOUT_MS = ON_SERVERS ? 30_000 : 10_000;
const { Base } = Mocha.reporters;
Base.useColors = false;
Base.hideDiff = false;

const text = (value) => (typeof value === "string" ? value : Mocha.utils.stringify(value));

function describeFailure(error) {
  const stack = String(error?.stack ?? error?.message ?? error);
  const shown = error?.showDiff !== false && error && "expected" in error && "actual" in error;
  if (!shown || error.expected === undefined) return stack;
  return `${stack}\n${Base.generateDiff(text(error.actual), text(error.expected))}`;
}

/** Mocha wants a class of reporter; this one only passes on what happens. */
function reporterInto(result) {
  return class {
    constructor(runner) {
      runner.on("test", (test) => process.send({ type: "at", title: test.fullTitle() }));
      runner.on("pass", () => (result.passed += 1));
      runner.on("pending", () => (result.skipped += 1));
      runner.on("fail", (test, error) =>
        result.failures.push({ title: test.fullTitle(), error: describeFailure(error) }),
      );
    }
  };
}

/**
 * Mocha requires files, which is quicker than to import them, but gives whatever is imported later a
 * second copy of every module: a class of the one is not that of the other. The drivers of the servers
 * are imported later.
 */
async function load(mocha, file) {
  if (!ON_SERVERS) {
    mocha.addFile(file);
    return mocha.loadFilesAsync();
  }
  mocha.suite.emit("pre-require", globalThis, file, mocha);
  const module = await import(pathToFileURL(file).href);
  mocha.suite.emit("require", module, file, mocha);
  mocha.suite.emit("post-require", globalThis, file, mocha);
}

async function runFile(file) {
  const result = { passed: 0, skipped: 0, failures: [] };
  const mocha = new Mocha({
    timeout: TIMEOUT_MS,
    forbidOnly: true,
    reporter: reporterInto(result),
  });
  try {
    await load(mocha, file);
    if (mocha.suite.total() === 0) throw new Error("The file holds no test.");
    await new Promise((resolve) => mocha.run(resolve));
  } catch (error) {
    result.failures.push({ title: "the file did not load", error: describeFailure(error) });
  }
  return result;
}

process.on("message", async ({ file }) => {
  const result = await runFile(file);
  process.send({ type: "done", ...result });
});
process.on("disconnect", () => process.exit(0));
