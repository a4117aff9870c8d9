import type { IncomingMessage } from "node:http";

/** A body that is not taken: its sender's fault, with the status to answer. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly status: 400 | 413 | 415;

  constructor(status: BodyRefused["status"], message: string) {
    super(message);
    this.status = status;
  }
}

/** Told once: what is wrong, or null and the whole body. */
export type BodyRead = (problem: BodyRefused | null, body: Buffer) => void;

const nothing = Buffer.alloc(0);

/**
 * Read a request's body as it came, of `limit` bytes at most. A compressed one is refused unread, since
 * what is signed are the bytes on the wire; one that is too large is read to its end and forgotten, so
 * that its sender hears the answer.
 */
export function readBody(req: IncomingMessage, limit: number, told: BodyRead): void {
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return told(new BodyRefused(415, "content encoding unsupported"), nothing);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  req.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  });
  req.once("end", () => {
    if (size > limit) return told(new BodyRefused(413, "request entity too large"), nothing);
    told(null, chunks.length === 1 ? (chunks[0] ?? nothing) : Buffer.concat(chunks));
  });
  req.once("error", () => told(new BodyRefused(400, "request aborted"), nothing));
}
