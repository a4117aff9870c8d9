/** What a command has to do with the world: tests hand in their own. */
export interface Io {
  /** Answers: one text, or one JSON document. */
  readonly out: (text: string) => void;
  /** Progress, remarks and errors. */
  readonly err: (text: string) => void;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody watches `err`: only then is progress drawn. */
  readonly isTerminal: boolean;
}

/** How a command ended: what it tells people, what it tells programs, and whether it succeeded. */
export interface Answer {
  readonly text: string;
  readonly json: object;
  /** False when the command did its work and found that something is wrong. */
  readonly ok?: boolean;
}

/** Answers with what a command's work has come to. */
export type Finish = (work: Promise<Answer>) => Promise<void>;

/** An expected failure of a command, in plain words; ends it with exit code 1. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** A command that was called wrongly, in plain words; ends it with exit code 2. */
export class UsageMistake extends Error {
  override readonly name = "UsageMistake";
}

/** Told before a command waits for the signs of life of processes that it cannot see. */
export const waiting =
  "Looking for half a minute at most whether processes on other machines or in other containers are at work.\n";
