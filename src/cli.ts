import { environmentWithFile } from "./config.js";
import { runCli } from "./cli/program.js";

// A reader that stops early, such as `head`, is no failure.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: process.stdin,
  env: environmentWithFile(),
  isTerminal: process.stderr.isTTY === true,
});
process.stdin.unref?.();
// Kept connections of mail or federation must not hold the command once its answer is written.
setTimeout(() => process.exit(), 1_000).unref();
