import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { PassThrough } from "node:stream";
import { boundedLines } from "../drivers/lines.js";
import { CommandFailed } from "./io.js";

/** A file to be read line by line. */
export interface LineFile {
  /** Its size in bytes, as stored. */
  readonly size: number;
  /** How many bytes of the stored file were taken in so far. */
  bytesRead(): number;
  /** Each line without its end; of one longer than `most` characters, the first `most + 1`. From the first one each time. */
  lines(most: number): AsyncGenerator<string>;
}

/**
 * Open a file of lines; a gzipped one is known by its content, whatever its name.
 * @throws CommandFailed for a pipe, which can be read only once
 */
export async function openLines(path: string): Promise<LineFile> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory())
    throw new CommandFailed(`${path}: this is a pipe or a device; put its content into a file.`);
  const { size } = found;
  let source: ReadStream | null = null;
  return {
    size,
    bytesRead: () => source?.bytesRead ?? 0,
    async *lines(most) {
      const gzipped = await isGzipped(path);
      source = createReadStream(path);
      const plain = new PassThrough();
      const through = gzipped ? pipeline(source, createGunzip(), plain) : pipeline(source, plain);
      // A failure reaches the reader by `plain`, which the pipeline destroys with it.
      through.catch(() => undefined);
      try {
        yield* boundedLines(plain, most);
      } finally {
        plain.destroy();
      }
    },
  };
}

async function isGzipped(path: string): Promise<boolean> {
  const start = createReadStream(path, { end: 1 });
  const chunks: Buffer[] = [];
  for await (const chunk of start) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).equals(Buffer.from([0x1f, 0x8b]));
}
