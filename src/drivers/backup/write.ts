import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { giveName } from "../disk.js";
import type { Media } from "../media.js";
import type { WholeStore } from "../store/collection.js";
import { adding, partNames, rowsOf, rowText } from "../store/parts.js";
import {
  collectionLine,
  entryLine,
  headerLine,
  maxLine,
  rowLine,
  type End,
  type Manifest,
} from "./format.js";
import { keyFrom, saltBytes, seal } from "./sealing.js";

/** What is to be backed up. */
export interface Origin {
  readonly store: WholeStore;
  readonly media: Media;
  /** The deployment's own secret; null when it has none of its own. */
  readonly secret: string | null;
  readonly manifest: Manifest;
}

/** How it is written. */
export interface Writing {
  readonly path: string;
  /** The pass phrase to seal it with; null: it is readable by whoever has the file. */
  readonly passphrase: string | null;
  readonly onProgress: (rows: number, files: number) => void;
  /** Runs once all was read: where it fails, there is no backup. */
  readonly lastly?: () => Promise<void>;
}

/** What was written. */
export interface Written extends End {
  readonly bytes: number;
}

/** Squeezing harder makes the file a few hundredths smaller and takes twice the time. */
const level = 3;

/**
 * Write a backup. The file has its name only once it is whole and on the disk, and is its owner's alone
 * to read. Memory stays bounded: rows go through some hundred at a time, pictures one at a time.
 */
export async function writeBackup(origin: Origin, writing: Writing): Promise<Written> {
  const { path, passphrase, onProgress } = writing;
  const salt = passphrase === null ? null : randomBytes(saltBytes);
  const header = headerLine({ salt });
  const key = passphrase === null || salt === null ? null : await keyFrom(passphrase, salt);
  // Of its own, in case the same is asked for twice at once.
  const aside = `${path}.${randomBytes(4).toString("hex")}.part`;
  const told: { end: End | null } = { end: null };
  const lines = Readable.from(linesOf(origin, onProgress, told), { objectMode: false });
  const packed = lines.compose(createGzip({ level })) as AsyncIterable<Buffer>;
  async function* all(): AsyncGenerator<Buffer> {
    yield Buffer.from(header);
    yield* key === null ? packed : seal({ key, header }, packed);
  }
  try {
    await pipeline(all, createWriteStream(aside, { flags: "wx", mode: 0o600, flush: true }));
    if (told.end === null) throw new Error("the backup ended before its end");
    await writing.lastly?.();
    const { size } = await stat(aside);
    await giveName(aside, path);
    return { ...told.end, bytes: size };
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function* linesOf(
  origin: Origin,
  onProgress: Writing["onProgress"],
  told: { end: End | null },
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const counts = { collections: 0, rows: 0, files: 0 };
  const through = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    hash.update(bytes);
    onProgress(counts.rows, counts.files);
    return bytes;
  };
  yield through(entryLine({ manifest: origin.manifest }));
  for (const name of await partNames(origin.store)) {
    counts.collections += 1;
    for await (const text of collectionLines(origin.store, name, counts)) yield through(text);
  }
  for await (const file of origin.media.list()) {
    const bytes = await origin.media.get(file.owner, file.name);
    // It was removed since the folder was listed.
    if (bytes === null) continue;
    counts.files += 1;
    yield through(entryLine({ file, bytes: bytes.toString("base64") }));
  }
  if (origin.secret !== null) yield through(entryLine({ secret: origin.secret }));
  told.end = { ...counts, sha256: hash.digest("hex") };
  yield Buffer.from(entryLine({ end: told.end }));
}

async function* collectionLines(
  store: WholeStore,
  name: string,
  counts: { rows: number },
): AsyncGenerator<string> {
  yield collectionLine(name, await store.indexesOf(name));
  const total = adding();
  for await (const rows of rowsOf(store, name)) {
    const lines: string[] = [];
    for (const row of rows) {
      const text = rowText(row);
      if (text.length > maxLine - 10) throw new Error(`${name}/${row._id} is too long to be kept`);
      total.add(text);
      lines.push(rowLine(text));
    }
    counts.rows += rows.length;
    yield lines.join("");
  }
  yield entryLine({ sum: total.sum() });
}
