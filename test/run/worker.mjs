/** Runs the test files that its parent names, one after the other, and reports each by message. */
import { pathToFileURL } from "node:url";
import Mocha from "mocha";

const ON_SERVERS = process.env.PARVIS_TEST_ENGINE === "servers";
/**
 * What any test and hook may take, whatever it says itself: long enough that a busy machine decides
 * nothing, and less than the time after which a file that is silent is given up.
 */
const LEAST_MS = 200_000;
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

function giveTime(runnable) {
  const own = runnable.timeout();
  if (own !== 0 && own < LEAST_MS) runnable.timeout(LEAST_MS);
}

/** Mocha wants a class of reporter; this one only passes on what happens. */
function reporterInto(result) {
  return class {
    constructor(runner) {
      for (const event of ["test", "hook"]) {
        runner.on(event, giveTime);
        // What goes on before each test is told as a part of the test.
        runner.on(event, (at) =>
          process.send({ type: "at", title: (at.ctx?.currentTest ?? at).fullTitle() }),
        );
      }
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
    timeout: LEAST_MS,
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
  // What it hears of the process else, the runs of all files after it hear as well, and pass on to each other.
  mocha.dispose();
  return result;
}

async function serve({ file }) {
  const result = await runFile(file);
  process.send({ type: "done", ...result });
}

process.on("message", (asked) => void serve(asked));
process.on("disconnect", () => process.exit(0));
