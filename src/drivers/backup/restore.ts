import { extensionOf, type Media } from "../media.js";
import type { Row, WholeStore } from "../store/collection.js";
import { fillPart, finishPart, sameSum, sumOf, type Sum } from "../store/parts.js";
import { BackupRefused, damaged, type End, type Entry, type Manifest } from "./format.js";
import type { Backup } from "./read.js";

/** What a backup says it is, and how much is in it. */
export interface Contents {
  readonly manifest: Manifest;
  readonly end: End;
}

/** Read a backup from its beginning to its end, and throw `BackupRefused` unless every sum is right. */
export async function verifyBackup(backup: Backup, onProgress: () => void): Promise<Contents> {
  let manifest: Manifest | null = null;
  let end: End | null = null;
  for await (const entry of backup.entries()) {
    if ("manifest" in entry) manifest = entry.manifest;
    if ("end" in entry) end = entry.end;
    onProgress();
  }
  if (manifest === null || end === null) throw damaged();
  return { manifest, end };
}

/** An empty place that a backup is restored into. */
export interface Place {
  readonly store: WholeStore;
  readonly media: Media;
  keepSecret(secret: string): Promise<void>;
}

/** A collection as it is now in its place. */
export interface RestoredPart extends Sum {
  readonly name: string;
  /** Rows left out, since another one has what must be unique; only of a store that was being written. */
  readonly refused: number;
}

/** What was restored. */
export interface Restored {
  readonly parts: readonly RestoredPart[];
  readonly files: number;
}

/**
 * Put everything into an empty place; each collection is read again there and compared, each picture is
 * known by the SHA-256 that is its name.
 * @throws BackupRefused or Error at the first thing that is not as it was; the place is then not whole
 */
export async function restoreBackup(
  backup: Backup,
  place: Place,
  onProgress: () => void,
): Promise<Restored> {
  const entries = backup.entries();
  const parts: RestoredPart[] = [];
  let files = 0;
  let oneMoment = true;
  try {
    for (let step = await entries.next(); !step.done; step = await entries.next()) {
      const entry = step.value;
      if ("manifest" in entry) ({ oneMoment } = entry.manifest);
      if ("collection" in entry) {
        const part = await restorePart(entry, entries, { place, onProgress });
        if (part.refused > 0 && oneMoment) throw damaged();
        parts.push(part);
      }
      if ("file" in entry) {
        await restoreFile(entry, place.media);
        files += 1;
      }
      if ("secret" in entry) await place.keepSecret(entry.secret);
      onProgress();
    }
  } finally {
    await entries.return(undefined);
  }
  return { parts, files };
}

interface Into {
  readonly place: Place;
  readonly onProgress: () => void;
}

async function restorePart(
  { collection: name, indexes }: Extract<Entry, { collection: string }>,
  entries: ReturnType<Backup["entries"]>,
  { place: { store }, onProgress }: Into,
): Promise<RestoredPart> {
  const filled = await fillPart(store, { name, indexes, rows: rowsUntilSum(entries) }, onProgress);
  if (!sameSum(filled.sum, await sumOf(store, name))) {
    throw new Error(`${name} is not what was put in: something else writes to this store`);
  }
  await finishPart(store, { name, indexes });
  return { name, ...filled.sum, refused: filled.refused };
}

/** The reader has held the sum against the rows before it hands it out. */
async function* rowsUntilSum(
  entries: ReturnType<Backup["entries"]>,
): AsyncGenerator<readonly Row[]> {
  for (;;) {
    const { value: entry } = await entries.next();
    if (entry === undefined) throw damaged();
    if (!("rows" in entry)) return;
    yield entry.rows;
  }
}

async function restoreFile(
  { file, bytes }: Extract<Entry, { file: object }>,
  media: Media,
): Promise<void> {
  const content = Buffer.from(bytes, "base64");
  const kept = await media.put(file.owner, content, extensionOf(file.name));
  if (kept !== file.name) throw new BackupRefused(`The picture ${file.name} is damaged.`);
}
