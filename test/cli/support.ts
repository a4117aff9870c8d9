import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runCli } from "../../src/cli/program.js";
import type { Io } from "../../src/cli/io.js";

/** What a command answered. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder for one suite's deployment, and commands that run on it. */
export interface Desk {
  readonly dataDir: string;
  readonly env: Record<string, string>;
  /** Run a command in this process. */
  run(argv: readonly string[], more?: { input?: string; env?: object }): Promise<Ended>;
  /** The same with `--json`; gives what was answered. */
  json<T>(argv: readonly string[]): Promise<T>;
  remove(): void;
}

/** Open a desk on an empty folder. */
export function openDesk(more: Record<string, string> = {}): Desk {
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-cli-"));
  const env = { DATA_DIR: dataDir, LOG_LEVEL: "fatal", PORT: "3999", ...more };
  const desk: Desk = {
    ...{ dataDir, env },
    async run(argv, { input = "", env: other = {} } = {}) {
      let [out, err] = ["", ""];
      const io: Io = {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        input: Readable.from(input === "" ? [] : [input]),
        env: { ...env, ...other },
        isTerminal: false,
      };
      const code = await runCli(argv, io);
      return { code, out, err };
    },
    async json<T>(argv: readonly string[]) {
      const { out, err } = await desk.run([...argv, "--json"]);
      if (out === "") throw new Error(err);
      return JSON.parse(out) as T;
    },
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  };
  return desk;
}
