import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, syncFolder, writeNew } from "../disk.js";
import { isMediaFile, isMediaOwner, mediaFileOf, verifiedMedia, type Media } from "../media.js";

const asideFolder = ".new";
/** No write takes as long: what is older was left by a process that died. */
const leftBehindMs = 3_600_000;

/** Keep files in a folder, made on first use. */
export function createFileMedia(directory: string): Media {
  const aside = join(directory, asideFolder);

  async function writeAside(bytes: Uint8Array): Promise<string> {
    await makeFolder(aside);
    await sweep(aside);
    const path = join(aside, randomUUID());
    await writeNew(path, bytes);
    return path;
  }

  return {
    async put(owner, bytes, extension) {
      const { name } = mediaFileOf(owner, bytes, extension);
      const folder = join(directory, owner);
      const path = join(folder, name);
      if (!(await exists(path))) {
        const written = await writeAside(bytes);
        await makeFolder(folder);
        await rename(written, path);
      }
      // Also of what is there already: who brought it may have died just before.
      for (const one of [folder, directory]) await syncFolder(one);
      return name;
    },
    async get(owner, name) {
      if (!isMediaFile({ owner, name })) return null;
      const bytes = await orNull(readFile(join(directory, owner, name)));
      return bytes === null ? null : verifiedMedia({ owner, name }, bytes);
    },
    async *list(only) {
      for (const owner of only === undefined ? await namesIn(directory) : [only]) {
        if (!isMediaOwner(owner)) continue;
        for (const name of await namesIn(join(directory, owner))) {
          if (isMediaFile({ owner, name })) yield { owner, name };
        }
      }
    },
    async remove(owner, name) {
      if (!isMediaFile({ owner, name })) return;
      await rm(join(directory, owner, name), { force: true });
    },
    async check() {
      const path = await writeAside(Buffer.from("trial"));
      await readFile(path);
      await rm(path, { force: true });
    },
    close: async () => undefined,
  };
}

/** Remove what processes that died have left half written. */
async function sweep(aside: string): Promise<void> {
  for (const name of await readdir(aside)) {
    const path = join(aside, name);
    const found = await orNull(stat(path));
    if (found !== null && Date.now() - found.mtimeMs > leftBehindMs)
      await rm(path, { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return ((await orNull(readdir(folder))) ?? []).sort();
}

async function exists(path: string): Promise<boolean> {
  return (await orNull(stat(path))) !== null;
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
