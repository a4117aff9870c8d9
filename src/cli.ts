import { environmentWithFile } from "./config.js";
import { goToCaller } from "./cli/folder.js";
import { runCli } from "./cli/program.js";

// A reader that stops early, such as `head`, is no failure.
process.stdout.on("error", () => process.exit(0));

const { env, remark } = goToCaller(environmentWithFile());
process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: process.stdin,
  env,
  isTerminal: process.stderr.isTTY === true,
});
if (process.exitCode !== 0 && remark !== null) process.stderr.write(remark);
process.stdin.unref?.();
// Kept connections of mail or federation must not hold the command once its answer is written.
setTimeout(() => process.exit(), 1_000).unref();
