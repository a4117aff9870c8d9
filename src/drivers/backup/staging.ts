import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../disk.js";
import { CopyUnderWay } from "../store/unfinished.js";

/**
 * The folder inside the data folder in which a restore gathers everything before it takes the place of
 * what was there. While it exists, a restore runs or was killed.
 */
export function stagingFolder(dataDir: string): string {
  return join(dataDir, "restoring");
}

/** Whether a restore into the data folder has not ended, dead or alive. */
export function isBeingRestored(dataDir: string): boolean {
  return existsSync(stagingFolder(dataDir));
}

/** Throws `CopyUnderWay`, in words for the operator, when a restore into the data folder has not ended. */
export function refuseUnfinishedRestore(dataDir: string): void {
  if (!isBeingRestored(dataDir)) return;
  throw new CopyUnderWay(
    `a restore into ${dataDir} has not ended: run it again (its parts lie in ${stagingFolder(dataDir)})`,
  );
}

/** Make the folder, empty. */
export async function openStaging(dataDir: string): Promise<string> {
  const folder = stagingFolder(dataDir);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dataDir);
  return folder;
}

/**
 * Give what was gathered its place. What was there goes into the folder, and with the folder once all
 * is done: killed in between, nothing is lost, and the folder says that it did not end.
 */
export async function takePlaces(dataDir: string): Promise<void> {
  const folder = stagingFolder(dataDir);
  // The log of a former store must never be taken for that of the new one.
  if (existsSync(join(folder, "parvis.db"))) {
    for (const end of ["-wal", "-shm"]) await rm(join(dataDir, `parvis.db${end}`), { force: true });
  }
  for (const name of ["media", "secret", "parvis.db"]) {
    if (!existsSync(join(folder, name))) continue;
    const place = join(dataDir, name);
    if (existsSync(place)) await rename(place, join(folder, `former-${name}`));
    await rename(join(folder, name), place);
  }
  await syncFolder(dataDir);
}

/** Take the folder away: what is in the data folder is whole. */
export async function closeStaging(dataDir: string): Promise<void> {
  await rm(stagingFolder(dataDir), { recursive: true, force: true });
}
