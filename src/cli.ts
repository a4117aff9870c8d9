import { environmentWithFile } from "./config.js";
import { goToCaller } from "./cli/folder.js";
import { inPlainWords } from "./cli/plain-words.js";
import { runCli } from "./cli/program.js";

// A reader that stops early, such as `head`, is no failure; an answer that is cut since the disk is full is one.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`The answer could not be written: ${inPlainWords(error)}\n`);
  process.exit(1);
});

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
