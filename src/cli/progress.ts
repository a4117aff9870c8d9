import type { Io } from "./io.js";

/** Shows how far long work has come, on one line of a terminal. */
export interface Progress {
  /** `done` is a share of 1. */
  show(done: number, words: string): void;
  /** Take the line away. */
  clear(): void;
}

const width = 24;

/** A bar on `err` when somebody watches; nothing at all in a log or a pipe. */
export function createProgress(io: Io): Progress {
  if (!io.isTerminal) return { show: () => undefined, clear: () => undefined };
  let last = "";
  return {
    show(done, words) {
      const share = Math.min(1, Math.max(0, done));
      const filled = Math.round(share * width);
      const bar = "█".repeat(filled) + "░".repeat(width - filled);
      const text = `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${words}`;
      if (text !== last) io.err(`\r\u001b[2K${text}`);
      last = text;
    },
    clear: () => io.err("\r\u001b[2K"),
  };
}
