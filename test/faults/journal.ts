import type { Readable } from "node:stream";

/** An answer that nobody may be given, whatever is killed: a 5xx that is no "come again later". */
export interface Failure {
  /** Method and path. */
  readonly asked: string;
  readonly status: number;
  /** What the answer says that the log calls it; an inbox says nothing. */
  readonly requestId: string | null;
  readonly from: number;
  readonly until: number;
}

/** What the processes of a deployment have written, as far as it says that something is amiss. */
export interface Journal {
  /** Listens to what a process writes. */
  hear(name: string, output: Readable): void;
  /** A process that was not killed has ended. */
  ended(name: string, how: string): void;
  /** What was written of a request. */
  about(failure: Failure): readonly string[];
  /** Ends that nobody asked for, with the last lines of each. */
  readonly ends: readonly string[];
}

interface Line {
  readonly at: number;
  readonly name: string;
  readonly text: string;
}

/** Levels of pino: warnings and what is worse. */
const warning = 40;
const error = 50;
const mostKept = 20_000;
const mostShown = 12;

/** Whether an answer is one that nobody may be given. */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 503;
}

/** An empty journal. */
export function aJournal(): Journal {
  const lines: Line[] = [];
  const ends: string[] = [];
  const keep = (name: string, text: string): void => {
    if (text === "" || levelOf(text) < warning) return;
    lines.push({ at: Date.now(), name, text });
    if (lines.length > mostKept) lines.splice(0, mostKept / 2);
  };
  const shown = (found: readonly Line[]): string[] =>
    found.slice(-mostShown).map(({ name, text }) => `  ${name}: ${text}`);
  return {
    ends,
    hear(name, output) {
      let rest = "";
      output.setEncoding("utf8").on("data", (chunk: string) => {
        const [last = "", ...whole] = (rest + chunk).split("\n").toReversed();
        rest = last;
        for (const text of whole.toReversed()) keep(name, text);
      });
      output.once("close", () => keep(name, rest));
    },
    ended(name, how) {
      const last = lines.filter((line) => line.name === name);
      ends.push([`${name} ended by itself (${how})`, ...shown(last)].join("\n"));
    },
    about({ requestId, from, until }) {
      const isOfIt = ({ at, text }: Line): boolean =>
        requestId === null
          ? at >= from && at <= until && levelOf(text) >= error
          : text.includes(requestId);
      return shown(lines.filter(isOfIt));
    },
  };
}

/** What is no line of the log, such as the trace of an error that nobody caught, is worse than all. */
function levelOf(text: string): number {
  const level = /^\{"level":(\d+)/.exec(text)?.[1];
  return level === undefined ? Infinity : Number(level);
}
