import { createHash } from "node:crypto";
import { extensionOf, type Media, type MediaFile } from "../media.js";

/** What is the same on both sides now. */
export interface MovedMedia {
  readonly files: number;
  /** How many were not there before. */
  readonly copied: number;
  readonly bytes: number;
  /** SHA-256 of a line for each file, in order: its owner and its name, which is that of its content. */
  readonly sha256: string;
}

/** Each costs a few round trips; more at once would only fill memory. */
const together = 8;

/**
 * Copy every file, and read each again where it went. What is there already is read and not copied, so
 * a copy that was killed goes on when it is begun again; nothing is removed on either side.
 * @throws MediaDamaged, MediaUnavailable, or Error at the first file that is not the same on both sides
 */
export async function moveMedia(
  from: Media,
  to: Media,
  onProgress: (files: number) => void,
): Promise<MovedMedia> {
  const hash = createHash("sha256");
  const total = { files: 0, copied: 0, bytes: 0 };
  for await (const files of batches(from.list())) {
    const done = await Promise.all(files.map((file) => moveFile(from, to, file)));
    for (const [at, file] of files.entries()) {
      const outcome = done[at];
      if (outcome == null) continue;
      hash.update(`${file.owner}/${file.name}\n`);
      total.files += 1;
      total.copied += outcome.copied ? 1 : 0;
      total.bytes += outcome.bytes;
    }
    onProgress(total.files);
  }
  return { ...total, sha256: hash.digest("hex") };
}

/** Null when it was removed since it was listed. */
async function moveFile(
  from: Media,
  to: Media,
  { owner, name }: MediaFile,
): Promise<{ copied: boolean; bytes: number } | null> {
  const bytes = await from.get(owner, name);
  if (bytes === null) return null;
  const present = await to.get(owner, name);
  if (present === null) {
    await to.put(owner, bytes, extensionOf(name));
    if ((await to.get(owner, name)) === null) throw new Error(`${owner}/${name} did not arrive`);
  }
  return { copied: present === null, bytes: bytes.byteLength };
}

async function* batches(files: AsyncIterable<MediaFile>): AsyncGenerator<MediaFile[]> {
  let batch: MediaFile[] = [];
  for await (const file of files) {
    batch.push(file);
    if (batch.length < together) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
