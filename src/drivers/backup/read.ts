import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { boundedLines } from "../lines.js";
import type { Row } from "../store/collection.js";
import { adding, sameSum, type Adding } from "../store/parts.js";
import {
  BackupRefused,
  damaged,
  maxLine,
  readEntry,
  readHeader,
  rowOf,
  textOfRow,
  type End,
  type Entry,
} from "./format.js";
import { keyFrom, unseal, type Seal } from "./sealing.js";

/** A backup that can be read as often as wanted. */
export interface Backup {
  readonly isSealed: boolean;
  readonly size: number;
  /** How many bytes of the file the present reading has taken in. */
  bytesRead(): number;
  /**
   * All that is in it, rows some hundred at a time; each collection's sum and the whole's are checked
   * when they come. Throws `BackupRefused` where something is not as it was written.
   */
  entries(): AsyncGenerator<Entry | { readonly rows: readonly Row[] }>;
}

const longestHeader = 1024;

/**
 * Open a backup. `passphrase` is asked only for one that is sealed.
 * @throws BackupRefused for what is no backup
 */
export async function openBackup(path: string, passphrase: () => Promise<string>): Promise<Backup> {
  const { size } = await stat(path);
  const header = await firstLine(path);
  const { salt } = readHeader(header);
  const seal = salt === null ? null : { key: await keyFrom(await passphrase(), salt), header };
  let read = (): number => 0;
  return {
    isSealed: seal !== null,
    size,
    bytesRead: () => read(),
    async *entries() {
      const source = createReadStream(path, { start: Buffer.byteLength(header) });
      read = () => source.bytesRead;
      const plain = new PassThrough();
      const through = unpacked(source, seal, plain);
      // A failure reaches the reader by `plain`, which the pipeline destroys with it.
      through.catch(() => undefined);
      try {
        yield* checked(boundedLines(plain, maxLine));
      } catch (error) {
        throw /^Z_|^ERR_ENCODING_/.test(codeOf(error)) ? damaged() : error;
      } finally {
        plain.destroy();
      }
    },
  };
}

function unpacked(source: Readable, seal: Seal | null, plain: PassThrough): Promise<void> {
  if (seal === null) return pipeline(source, createGunzip(), plain);
  const opened = Readable.from(unseal(seal, source), { objectMode: false });
  return pipeline(opened, createGunzip(), plain);
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
    const text = buffer.toString("latin1", 0, bytesRead);
    return text.slice(0, text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const together = 500;

/** Follows what was counted, and holds it against what is said to have been. */
interface Check {
  row(text: string): void;
  entry(entry: Entry): void;
}

async function* checked(lines: AsyncIterable<string>): ReturnType<Backup["entries"]> {
  const hash = createHash("sha256");
  const check = startCheck(() => hash.digest("hex"));
  let rows: Row[] = [];
  let ended = false;
  for await (const line of lines) {
    if (ended || line.length > maxLine) throw damaged();
    const text = textOfRow(line);
    if (text !== null) {
      check.row(text);
      rows.push(rowOf(text));
    }
    if (rows.length >= together || (text === null && rows.length > 0)) {
      yield { rows };
      rows = [];
    }
    if (text === null) {
      const entry = readEntry(line);
      check.entry(entry);
      ended = "end" in entry;
      yield entry;
    }
    if (!ended) hash.update(line).update("\n");
  }
  if (!ended) throw new BackupRefused("This backup is cut: its end is missing.");
}

function startCheck(wholeSum: () => string): Check {
  let total: Adding | null = null;
  let isFirst = true;
  const seen = { collections: 0, rows: 0, files: 0 };
  return {
    row(text) {
      if (total === null) throw damaged();
      total.add(text);
      seen.rows += 1;
    },
    entry(entry) {
      if (isFirst !== "manifest" in entry) throw damaged();
      isFirst = false;
      if ("sum" in entry) {
        if (total === null || !sameSum(total.sum(), entry.sum)) throw damaged();
        total = null;
        return;
      }
      if (total !== null) throw damaged();
      if ("collection" in entry) {
        seen.collections += 1;
        total = adding();
      } else if ("file" in entry) seen.files += 1;
      else if ("end" in entry && !sameEnd(entry.end, { ...seen, sha256: wholeSum() })) {
        throw damaged();
      }
    },
  };
}

function sameEnd(a: End, b: End): boolean {
  const counts = a.collections === b.collections && a.rows === b.rows && a.files === b.files;
  return counts && a.sha256 === b.sha256;
}
