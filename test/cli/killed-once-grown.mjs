/**
 * Loaded before a command: kills its process once a file has grown. Somebody who looks from outside may be
 * late on a busy machine; this looks after each step of the command.
 */
import { statSync } from "node:fs";

const [file = "", bytes = "0"] = (process.env["KILLED_ONCE_GROWN"] ?? "").split("|");

function look() {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > Number(bytes)) process.kill(process.pid, "SIGKILL");
  setImmediate(look).unref();
}

look();
