import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseFiles } from "./files.mjs";
import { provide } from "./machine.mjs";
import { openReport } from "./report.mjs";
import { startServers } from "./servers.mjs";

const WORKER = fileURLToPath(new URL("./worker.mjs", import.meta.url));
/** What is run when no words are given: all, or what rests on drivers without being about one. */
const usual = { embedded: [], servers: ["test/features", "test/federation", "test/hosting"] };
const DEFAULTS = { jobs: 2, "file-seconds": 240, "run-seconds": 900 };

/** Splits `--name=number` settings of the runner, and `--engine`, from the words that choose files. */
function readArguments(args) {
  const settings = { ...DEFAULTS };
  const words = [];
  let engine = "embedded";
  for (const arg of args) {
    const [, wanted] = /^--engine=(embedded|servers)$/.exec(arg) ?? [];
    const [, name, value] = /^--([a-z-]+)=(\d+)$/.exec(arg) ?? [];
    if (wanted) engine = wanted;
    else if (name in DEFAULTS) settings[name] = Number(value);
    else if (arg.startsWith("-")) throw new Error(`"${arg}" is not known to npm test.`);
    else words.push(arg);
  }
  return { settings, words, engine };
}

function startWorker(env) {
  const worker = fork(WORKER, [], {
    // What a test starts finds no Redis that is somebody's, unless the test names it.
    env: { ...process.env, NODE_ENV: "test", REDIS_URL: "", ...env },
    execArgv: ["--import", import.meta.resolve("tsx")],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  worker.heard = "";
  const hear = (chunk) => (worker.heard = (worker.heard + chunk).slice(-100_000));
  worker.stdout.setEncoding("utf8").on("data", hear);
  worker.stderr.setEncoding("utf8").on("data", hear);
  return worker;
}

const lost = (title, error) => ({ passed: 0, skipped: 0, failures: [{ title, error }] });

/** Gives one file to a worker; resolves with its result, or with a failure when the worker is lost. */
function runOne(worker, file, silentMs) {
  return new Promise((resolve) => {
    let at = "the loading of the file";
    let timer;
    const finish = (result, usable, ended = false) => {
      clearTimeout(timer);
      worker.removeAllListeners("message").removeAllListeners("exit");
      if (!usable) worker.kill("SIGKILL");
      resolve({ result, usable, ended });
    };
    const watch = () => {
      clearTimeout(timer);
      const hung = () => finish(lost(at, `Nothing happened for ${silentMs / 1000} s.`), false);
      timer = setTimeout(hung, silentMs);
    };
    worker.on("message", (message) => {
      watch();
      if (message.type === "at") at = message.title;
      if (message.type === "done") finish(message, true);
    });
    worker.once("exit", (code, signal) => {
      // What it said last may still be on its way through the pipe.
      const result = lost(at, `The process ended (${signal ?? code}).`);
      setTimeout(() => finish(result, false, true), 50);
    });
    watch();
    worker.send({ file });
  });
}

/**
 * Takes files from the queue until there is none, on one worker that is replaced when it is lost.
 * A file whose worker ended may be innocent, when something an earlier file left behind did it: it
 * gets a second try on a fresh worker, and where that goes well an earlier file is the one to blame:
 * the one that the last words name, or else the last.
 */
async function drain(queue, running, { env, silentMs, onFile }) {
  let worker = null;
  let earlier = [];
  const attempt = async (file) => {
    worker ??= startWorker(env);
    running.set(worker, file);
    worker.heard = "";
    const started = performance.now();
    const { result, usable, ended } = await runOne(worker, file, silentMs);
    running.delete(worker);
    const tried = { result, usable, ended, ms: performance.now() - started, heard: worker.heard };
    if (!usable) worker = null;
    return tried;
  };
  for (let file = queue.shift(); file; file = queue.shift()) {
    let tried = await attempt(file);
    if (tried.ended && earlier.length > 0) {
      const { heard } = tried;
      const blamed = earlier.findLast((name) => heard.includes(name)) ?? earlier.at(-1);
      earlier = [];
      tried = await attempt(file);
      if (tried.usable) onFile(blamed, lost("after its end", "It ended the process."), { heard });
    }
    onFile(file, tried.result, tried);
    earlier = tried.usable ? [...earlier, file] : [];
  }
  worker?.kill("SIGKILL");
}

/** Resolves when the time for the whole run is up, having ended what still ran, by name. */
function endAfter(ms, running, report) {
  let timer;
  const over = new Promise((resolve) => {
    timer = setTimeout(() => {
      for (const [worker, file] of running) {
        report(file, lost("the whole run", "It took too long."), { heard: worker.heard });
        worker.kill("SIGKILL");
      }
      resolve();
    }, ms);
  });
  return { over, cancel: () => clearTimeout(timer) };
}

/** What the tests get in their environment, and the servers that were started for them, if any. */
async function engineFor(engine, env) {
  if (engine === "embedded") return { servers: null, env };
  const redis = env.PARVIS_TEST_REDIS ?? process.env.PARVIS_TEST_REDIS;
  const { REDIS_URL: redisUrl, MONGODB_URL: mongodb } = process.env;
  const servers = await startServers({ redis, redisUrl, mongodb });
  return { servers, env: { ...env, ...servers.env } };
}

/**
 * Runs the chosen test files and prints what came of them; the last line is the count.
 * @param {string} root the folder of package.json
 * @param {string[]} args words that choose files, and the runner's own settings
 * @returns {Promise<number>} the exit code: 0 only when tests ran and none failed
 */
export async function runTests(root, args) {
  const { settings, words, engine } = readArguments(args);
  const files = chooseFiles(root, words.length === 0 ? usual[engine] : words);
  const report = openReport();
  const running = new Map();
  const queue = [...files];
  let ended = false;
  const onFile = (file, result, rest) => {
    if (!ended) report.file(relative(root, file), result, rest);
  };
  const { servers, env } = await engineFor(
    engine,
    provide(files, engine === "servers" && !process.env.REDIS_URL),
  );
  const guard = endAfter(settings["run-seconds"] * 1000, running, onFile);
  const options = { env, silentMs: settings["file-seconds"] * 1000, onFile };
  const jobs = Math.min(settings.jobs, availableParallelism(), files.length);
  const all = Array.from({ length: jobs }, () => drain(queue, running, options));
  await Promise.race([Promise.all(all), guard.over]);
  ended = true;
  if (queue.length > 0) console.log(`${queue.length} files were not run.`);
  queue.length = 0;
  guard.cancel();
  await servers?.stop();
  return report.close();
}
