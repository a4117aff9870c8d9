import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** How a kept picture ends, and so what it is served as. */
export type MediaExtension = "png" | "jpg";

/** The name of a kept file, and whose it is. */
export interface MediaFile {
  readonly owner: string;
  readonly name: string;
}

/**
 * Where files that people upload are kept, apart for each owner (an instance). A file is named by the
 * SHA-256 of its content, so that the same file is kept once and a name never changes its meaning.
 */
export interface Media {
  /** Keep a file; returns its name. Once it resolves, the file survives a crash. */
  put(owner: string, bytes: Uint8Array, extension: MediaExtension): Promise<string>;
  /** A file of that owner; null when there is none, also for what is no name at all. */
  get(owner: string, name: string): Promise<Buffer | null>;
  /** Every file that is kept, of all owners. */
  list(): AsyncIterable<MediaFile>;
  /** Remove a file; removing it twice changes nothing. */
  remove(owner: string, name: string): Promise<void>;
}

const ownerPattern = /^[0-9a-z]{1,64}$/;
const namePattern = /^[0-9a-f]{64}\.(?:png|jpg)$/;
const asideFolder = ".new";
/** No write takes as long: what is older was left by a process that died. */
const leftBehindMs = 3_600_000;

/** What a file is kept as. */
export function mediaName(bytes: Uint8Array, extension: MediaExtension): string {
  return `${createHash("sha256").update(bytes).digest("hex")}.${extension}`;
}

/** Keep files in a folder, made on first use. */
export function createFileMedia(directory: string): Media {
  const aside = join(directory, asideFolder);

  async function writeAside(bytes: Uint8Array): Promise<string> {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await sweep(aside);
    const path = join(aside, randomUUID());
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  }

  return {
    async put(owner, bytes, extension) {
      if (!ownerPattern.test(owner)) throw new Error("no owner has that name");
      const name = mediaName(bytes, extension);
      const folder = join(directory, owner);
      const path = join(folder, name);
      if (await exists(path)) return name;
      const written = await writeAside(bytes);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(written, path);
      return name;
    },
    async get(owner, name) {
      if (!ownerPattern.test(owner) || !namePattern.test(name)) return null;
      return orNull(readFile(join(directory, owner, name)));
    },
    async *list() {
      for (const owner of await namesIn(directory)) {
        if (!ownerPattern.test(owner)) continue;
        for (const name of await namesIn(join(directory, owner))) {
          if (namePattern.test(name)) yield { owner, name };
        }
      }
    },
    async remove(owner, name) {
      if (!ownerPattern.test(owner) || !namePattern.test(name)) return;
      await rm(join(directory, owner, name), { force: true });
    },
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
