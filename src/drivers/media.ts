import { createHash } from "node:crypto";

/** How a kept picture ends, and so what it is served as. */
export type MediaExtension = "png" | "jpg";

/** The name of a kept file, and whose it is. */
export interface MediaFile {
  readonly owner: string;
  readonly name: string;
}

/**
 * Where files that people upload are kept, apart for each owner (an instance). A file is named by the
 * SHA-256 of its content, so that the same file is kept once, a name never changes its meaning, and
 * whatever comes back is known to be what was kept.
 */
export interface Media {
  /** Keep a file; returns its name. Once it resolves, the file survives a crash. */
  put(owner: string, bytes: Uint8Array, extension: MediaExtension): Promise<string>;
  /**
   * A file of that owner; null when there is none, also for what is no name at all.
   * @throws MediaDamaged when its content is not what its name says
   */
  get(owner: string, name: string): Promise<Buffer | null>;
  /** Every file that is kept, of one owner or of all, in the order of owner and name. */
  list(owner?: string): AsyncIterable<MediaFile>;
  /** Remove a file; removing it twice changes nothing. */
  remove(owner: string, name: string): Promise<void>;
  /** Keeps, reads and removes a trial; rejects where files cannot be kept now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The place of the files does not answer or refuses us; the same may succeed later. */
export class MediaUnavailable extends Error {
  override readonly name = "MediaUnavailable";
}

/** Whether an error says that, whoever loaded the driver that it comes from. */
export function isMediaUnavailable(error: unknown): error is MediaUnavailable {
  return error instanceof Error && error.name === "MediaUnavailable";
}

/** A kept file is not what was kept. */
export class MediaDamaged extends Error {
  override readonly name = "MediaDamaged";
  constructor({ owner, name }: MediaFile) {
    super(`The picture ${owner}/${name} is damaged: it is not what was kept under this name.`);
  }
}

/** No file is larger: what is kept was made by us, of pictures that are smaller. */
export const mostMediaBytes = 16 * 1024 * 1024;

/** What a file is served as, by the end of its name. */
export const mediaTypes: Readonly<Record<MediaExtension, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
};

const ownerPattern = /^[0-9a-z]{1,64}$/;
const namePattern = /^([0-9a-f]{64})\.(png|jpg)$/;

/** Whether these can be an owner and a name; whatever else is asked for leads nowhere. */
export function isMediaFile({ owner, name }: MediaFile): boolean {
  return ownerPattern.test(owner) && namePattern.test(name);
}

/** Whether that can be an owner. */
export function isMediaOwner(owner: string): boolean {
  return ownerPattern.test(owner);
}

/** How the name of a kept file ends. */
export function extensionOf(name: string): MediaExtension {
  return name.endsWith(".jpg") ? "jpg" : "png";
}

/** The file that this content is; throws where it cannot be kept. */
export function mediaFileOf(
  owner: string,
  bytes: Uint8Array,
  extension: MediaExtension,
): MediaFile {
  if (!ownerPattern.test(owner)) throw new Error("no owner has that name");
  if (bytes.byteLength > mostMediaBytes) throw new Error("the file is too large to be kept");
  return { owner, name: `${sha256(bytes)}.${extension}` };
}

/** The content, once it is known to be what the name says; throws `MediaDamaged` otherwise. */
export function verifiedMedia(file: MediaFile, bytes: Buffer): Buffer {
  if (!file.name.startsWith(`${sha256(bytes)}.`)) throw new MediaDamaged(file);
  return bytes;
}

/** The SHA-256 of some bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
