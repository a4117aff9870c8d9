import { createCipheriv, createDecipheriv, scrypt } from "node:crypto";
import { BackupRefused } from "./format.js";

/** How many bytes of salt a key is made with; a new salt for every file, so that no key is used twice. */
export const saltBytes = 16;

const chunkBytes = 64 * 1024;
const tagBytes = 16;
/** 64 MiB and about a quarter of a second for each guess (RFC 7914). */
const cost = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

/** What a file is sealed with. `header` is its first line, which nobody can change unnoticed either. */
export interface Seal {
  readonly key: Buffer;
  readonly header: string;
}

/** The key of a file: scrypt over the pass phrase, in its composed form, and the file's salt. */
export function keyFrom(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFC"), salt, 32, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/**
 * Seal a stream with AES-256-GCM, 64 KiB at a time. The nonce counts the chunks and marks the last one,
 * so that none can be left out, doubled, exchanged or cut off (the STREAM construction of Hoang,
 * Reyhanitabar, Rogaway and Vizár).
 */
export async function* seal(
  { key, header }: Seal,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const { bytes, number, isLast } of cut(source, chunkBytes)) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce(number, isLast));
    cipher.setAAD(Buffer.from(header));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/** The stream that was sealed; throws `BackupRefused` at the first chunk that is not as it was written. */
export async function* unseal(
  { key, header }: Seal,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const { bytes, number, isLast } of cut(source, chunkBytes + tagBytes)) {
    const end = Math.max(0, bytes.length - tagBytes);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(number, isLast), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(header));
    let plain: Buffer;
    try {
      decipher.setAuthTag(bytes.subarray(end));
      plain = Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()]);
    } catch {
      throw new BackupRefused(
        number === 0
          ? "The pass phrase is not that of this backup, or its beginning was changed."
          : "This backup was cut, damaged or changed: nothing was restored from it.",
      );
    }
    if (plain.length > 0) yield plain;
  }
}

function nonce(number: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(number, 5, 6);
  bytes[11] = isLast ? 1 : 0;
  return bytes;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly number: number;
  readonly isLast: boolean;
}

/** The stream in pieces of exactly `size` bytes but for the last, which may be shorter, or empty. */
async function* cut(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Chunk> {
  let held: Buffer[] = [];
  let length = 0;
  let number = 0;
  for await (const bytes of source) {
    held.push(bytes);
    length += bytes.length;
    if (length <= size) continue;
    let all = Buffer.concat(held);
    for (; all.length > size; all = all.subarray(size)) {
      yield { bytes: all.subarray(0, size), number: number++, isLast: false };
    }
    held = [all];
    length = all.length;
  }
  yield { bytes: Buffer.concat(held), number, isLast: true };
}
