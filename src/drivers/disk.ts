import { statfs } from "node:fs/promises";

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
