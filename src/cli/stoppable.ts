import { constants } from "node:os";
import { CommandFailed, type Io } from "./io.js";

const signals = ["SIGINT", "SIGTERM"] as const;

/** What comes sooner is the same wish told twice: a terminal tells npm and the command, and npm tells it, too. */
const againAfterMs = 1_000;

/**
 * Work that Ctrl-C or SIGTERM ends in good order: the first of them aborts the signal, with a
 * `CommandFailed` as its reason, and the work ends at its next step, cleaning up behind it. Whoever asks
 * again later ends the process at once.
 */
export async function stoppable<R>(io: Io, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const stopping = new AbortController();
  let askedAt = 0;
  const stop = (name: (typeof signals)[number]): void => {
    if (!stopping.signal.aborted) {
      askedAt = performance.now();
      io.err("Stopping.\n");
      stopping.abort(new CommandFailed("Stopped before the end: run the same command again."));
    } else if (performance.now() - askedAt > againAfterMs) {
      process.exit(128 + constants.signals[name]);
    }
  };
  for (const name of signals) process.on(name, stop);
  try {
    return await work(stopping.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
