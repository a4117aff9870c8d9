import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { variables } from "../../src/config.js";
import { root } from "../bootstrap/scratch.js";

/** What a YAML file holds, as far as a test looks. */
export type Tree = { readonly [name: string]: Tree } & readonly Tree[] & string;

/** The entries of a list. */
export function entries(tree: Tree | undefined): Tree[] {
  return Array.from<Tree>((tree ?? []) as readonly Tree[]);
}

/** The fields of an object, one of which may be put in the place of another. */
export function fields(tree: Tree | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tree ?? {}));
}

/** A file of the repository. */
export function text(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Every document of a YAML file; a doubled key or a broken line throws. */
export function documents(path: string): Tree[] {
  return documentsOf(text(path), path);
}

function documentsOf(source: string, path: string): Tree[] {
  return parseAllDocuments(source, { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${path}: ${error.message}`);
    return document.toJS() as Tree;
  });
}

/** The secrets that `make-secret` writes for a deployment on Kubernetes, other ones each time. */
export function madeSecrets(): Tree[] {
  const folder = mkdtempSync(join(tmpdir(), "parvis-secret-"));
  try {
    const file = join(folder, "secret.yaml");
    const { code, out } = runs("sh", ["deploy/kubernetes/make-secret", file]);
    if (code !== 0) throw new Error(out);
    return documentsOf(readFileSync(file, "utf8"), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The tracked and the new files below some folders. */
export function filesIn(...folders: string[]): string[] {
  const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...folders];
  return execFileSync("git", listed, { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((name) => name !== "" && existsSync(join(root, name)));
}

/** Where a program is, or null on a machine without it. */
export function program(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Called in a `describe` or an `it`: skips, with one line that says why, without the program. */
export function needsProgram(test: Mocha.Context, name: string): string {
  const found = program(name);
  if (found !== null) return found;
  console.log(`skipped: ${test.test?.title ?? "a test"} (needs ${name})`);
  return test.skip();
}

/** Runs a program to its end; both streams are read as one text. */
export function runs(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { readonly code: number | null; readonly out: string } {
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 90_000,
  });
  return { code: done.status, out: `${done.stdout}${done.stderr}${done.error?.message ?? ""}` };
}

/** What the server is configured with in a deployment: what `src/config.ts` reads, but for tests. */
export const settings: readonly string[] = variables.filter(
  (name) => name !== "FEDERATION_PRIVATE_ADDRESSES",
);
