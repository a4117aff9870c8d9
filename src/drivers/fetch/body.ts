import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Dispatcher } from "undici";
import { FetchRefused } from "./refused.js";

type ResponseBody = Dispatcher.ResponseData["body"];
type ResponseHeaders = Dispatcher.ResponseData["headers"];

const decoders = new Map([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
]);

/** One header of a response as a single string, or null. */
export function headerOf(headers: ResponseHeaders, name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  return Array.isArray(value) ? value.join(", ") : value;
}

async function readRaw(body: ResponseBody, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxBytes) throw new FetchRefused("too-large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

async function decode(raw: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  if (encoding === "" || encoding === "identity") return raw;
  const decoder = decoders.get(encoding);
  if (!decoder) throw new FetchRefused("bad-type");
  try {
    return await decoder(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    const isBomb = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new FetchRefused(isBomb ? "too-large" : "bad-body", { cause: error });
  }
}

/**
 * The whole body, decompressed, never more than `maxBytes` on the wire nor in memory. Throws
 * FetchRefused `too-large`, `bad-type` (an encoding that we did not ask for) or `bad-body`.
 */
export async function readBody(
  body: ResponseBody,
  headers: ResponseHeaders,
  maxBytes: number,
): Promise<Buffer> {
  if (Number(headerOf(headers, "content-length") ?? 0) > maxBytes) {
    body.destroy();
    throw new FetchRefused("too-large");
  }
  const encoding = (headerOf(headers, "content-encoding") ?? "").trim().toLowerCase();
  return decode(await readRaw(body, maxBytes), encoding, maxBytes);
}

/** The moment that a `Date` header names, or null. */
export function dateIn(header: string | null): Date | null {
  const at = new Date(header ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}
