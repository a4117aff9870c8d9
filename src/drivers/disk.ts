import { mkdir, open, rename, statfs, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** How much room the disk of a folder has, in bytes. */
export interface DiskRoom {
  readonly free: number;
  readonly total: number;
}

/** Below this a deployment fails soon. */
const tooLittle = 100_000_000;
/** Below this somebody should make room. */
const little = 1_000_000_000;

/** The room on the disk that holds `folder`. @throws when there is no such folder */
export async function diskRoom(folder: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

/** Whether that is enough to go on. */
export function roomLevel({ free }: DiskRoom): "ok" | "warn" | "fail" {
  if (free < tooLittle) return "fail";
  return free < little ? "warn" : "ok";
}

/**
 * Write a file that is not there yet, for its owner alone; what is in it outlasts a power cut once this
 * resolves, its name does not yet (`giveName`). What a failure leaves is the caller's to remove.
 */
export async function writeNew(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(path, content, { flag: "wx", mode: 0o600, flush: true });
}

/** Give a file that was written aside its name, in the place of what had it; it keeps it after a power cut. */
export async function giveName(aside: string, path: string): Promise<void> {
  await rename(aside, path);
  await syncFolder(dirname(path));
}

/** Make a folder for its owner alone, with those that it lies in, where it is missing; it outlasts a power cut. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(folder); made !== top && made !== dirname(made); made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

/** What a file system answers that keeps names by itself, or not at all. */
const unsynced: ReadonlySet<unknown> = new Set(["EINVAL", "ENOTSUP"]);

/** Make a folder's list of names durable, as far as its file system can: what was renamed there is there. */
export async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder);
  try {
    await opened.sync();
  } catch (error) {
    if (!unsynced.has((error as NodeJS.ErrnoException).code)) throw error;
  } finally {
    await opened.close();
  }
}
