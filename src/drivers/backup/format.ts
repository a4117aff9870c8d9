import { z } from "zod";
import type { IndexSpec, Row } from "../store/collection.js";
import { fromText, isDocument, toText } from "../store/values.js";

/**
 * A backup is one line that says what it is, and then gzip, sealed when the line names a salt. Within
 * are lines of JSON: `manifest`; for each collection `collection`, its rows (`row`, as `toText` writes
 * them) and its `sum`; a `file` for each kept picture; the `secret`; and an `end` with the SHA-256 of
 * every line before it. So `tail -n +2 FILE | zcat` reads a backup that is not sealed.
 */
export const formatVersion = 1;

/** A line longer than this is neither written nor read: nothing that is stored comes near. */
export const maxLine = 128 * 1024 * 1024;

/** Why a file cannot be restored, in plain words. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
}

const headerSchema = z.object({
  "parvis-backup": z.number().int(),
  salt: z.base64().length(24).nullable(),
});

/** The first line of a file. */
export interface Header {
  /** What the key is made with; null when the file is not sealed. */
  readonly salt: Buffer | null;
}

/** Write the first line. */
export function headerLine({ salt }: Header): string {
  const line = { "parvis-backup": formatVersion, salt: salt?.toString("base64") ?? null };
  return `${JSON.stringify(line)}\n`;
}

/** Read the first line; throws `BackupRefused` for what is no backup, or one of a later format. */
export function readHeader(line: string): Header {
  const parsed = headerSchema.safeParse(jsonOf(line));
  if (!parsed.success) throw new BackupRefused("This is no backup of Parvis.");
  const { salt, "parvis-backup": version } = parsed.data;
  if (version !== formatVersion) {
    throw new BackupRefused(
      `This backup has format ${version}; this release knows ${formatVersion}.`,
    );
  }
  return { salt: salt === null ? null : Buffer.from(salt, "base64") };
}

const sumSchema = z.object({ rows: z.number().int().min(0), sha256: z.hex().length(64) });

const manifestSchema = z.object({
  /** The release that wrote it. */
  version: z.string().max(100),
  createdAt: z.iso.datetime(),
  store: z.enum(["embedded", "mongodb"]),
  /** Whether all of it is of one moment. */
  oneMoment: z.boolean(),
  /** The migrations that had run. */
  migrations: z.array(z.string().max(200)).max(10_000),
});

/** What a backup is a backup of. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

const endSchema = z.object({
  collections: z.number().int().min(0),
  rows: z.number().int().min(0),
  files: z.number().int().min(0),
  sha256: z.hex().length(64),
});

/** How much there is, and the SHA-256 of every line before. */
export type End = Readonly<z.infer<typeof endSchema>>;

const indexSchema = z
  .strictObject({
    keys: z.record(z.string(), z.union([z.literal(1), z.literal(-1)])),
    unique: z.boolean().optional(),
    partialFilterExpression: z.record(z.string(), z.unknown()).optional(),
    expireAfterSeconds: z.number().optional(),
  })
  .transform((spec) => spec as IndexSpec);

const lineSchema = z.union([
  z.strictObject({ manifest: manifestSchema }),
  z.strictObject({
    collection: z.string().regex(/^[\w.-]{1,120}$/),
    indexes: z.array(indexSchema).max(100),
  }),
  z.strictObject({ sum: sumSchema }),
  z.strictObject({
    file: z.strictObject({ owner: z.string(), name: z.string() }),
    bytes: z.base64(),
  }),
  z.strictObject({ secret: z.string().min(32).max(1000) }),
  z.strictObject({ end: endSchema }),
]);

/** A line that is no row. */
export type Entry = Readonly<z.infer<typeof lineSchema>>;

const rowStart = '{"row":';

/** The line of a row, given as its text. */
export function rowLine(text: string): string {
  return `${rowStart}${text}}\n`;
}

/** The line of a collection, before its rows. */
export function collectionLine(collection: string, indexes: readonly IndexSpec[]): string {
  return `${toText({ collection, indexes })}\n`;
}

/** Any other line. */
export function entryLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** The text of the row that a line holds; null when it is no row's. */
export function textOfRow(line: string): string | null {
  return line.startsWith(rowStart) ? line.slice(rowStart.length, -1) : null;
}

/** The row of that text; throws `BackupRefused` when there is none. */
export function rowOf(text: string): Row {
  const row = documentOf(text);
  if (typeof row["_id"] !== "string") throw damaged();
  return row as unknown as Row;
}

/** Read a line that is no row's; throws `BackupRefused` when it makes no sense. */
export function readEntry(line: string): Entry {
  const parsed = lineSchema.safeParse(documentOf(line));
  if (!parsed.success) throw damaged();
  return parsed.data;
}

/** What is said of a file whose content is not what was written. */
export function damaged(): BackupRefused {
  return new BackupRefused("This backup was damaged or changed: nothing was restored from it.");
}

function documentOf(text: string): Record<string, unknown> {
  try {
    const found = fromText(text);
    if (isDocument(found)) return found;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
