import { randomBytes } from "node:crypto";
import { link, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.js";
import { makeFolder, syncFolder, writeNew } from "./drivers/disk.js";

/** The secret that the configuration gives, or else the one that is kept beside the data. */
export async function secretOf({
  secret,
  dataDir,
}: Pick<Config, "secret" | "dataDir">): Promise<string> {
  return secret ?? (await keptSecret(dataDir));
}

/**
 * The deployment's own secret, made at the first start and kept in `dataDir` for its owner alone. It
 * is written aside and then given its name, so that no crash, nor a power cut, leaves half of one.
 * @returns 64 hexadecimal characters
 */
export async function keptSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, "secret");
  const known = await readIfThere(file);
  if (known !== null) return known;
  await makeFolder(dataDir);
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeNew(draft, `${randomBytes(32).toString("hex")}\n`);
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dataDir);
  return (await readFile(file, "utf8")).trim();
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
