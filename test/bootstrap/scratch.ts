import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a finished command printed, and how it ended. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly ms: number;
}

/** Runs Node on a script and waits for its end; both streams are read as one text. */
export function run(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, ms: performance.now() - started }));
  });
}

/** Writes files (path to text) under a folder, making the folders between. */
export function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A new empty folder for the tests of one suite, gone when they have ended. */
export function scratchFolder(): () => string {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "parvis-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

/** Lends a folder the installed packages and the named files of the repository. */
export function borrow(folder: string, names: string[]): void {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  for (const name of names) copyFileSync(join(root, name), join(folder, name));
}
