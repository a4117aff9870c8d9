import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A name server on this machine that knows some TXT records. */
export interface NameServer {
  /** `127.0.0.1:port`, as a resolver is told. */
  readonly address: string;
  /** The names that it was asked for. */
  readonly asked: string[];
  close(): void;
}

const nameError = 3;
const serverFailure = 2;

/**
 * Start one (RFC 1035, section 4). Names that are not listed do not exist; one whose records are null is
 * answered by a failure.
 */
export async function aNameServer(
  records: Readonly<Record<string, readonly string[] | null>>,
): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4", (query, from) => {
    const { name, end } = nameIn(query);
    asked.push(name);
    const found = records[name];
    const texts = found ?? [];
    const code = found === null ? serverFailure : found === undefined ? nameError : 0;
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(texts.length, 6);
    head.writeUInt32BE(0, 8);
    const question = query.subarray(12, end + 4);
    socket.send(Buffer.concat([head, question, ...texts.map(answer)]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, asked, close: () => void socket.close() };
}

function nameIn(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

/** A TXT record for the name of the question, its text in pieces of at most 255 bytes. */
function answer(text: string): Buffer {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const piece = bytes.subarray(at, at + 255);
    pieces.push(Buffer.from([piece.length]), piece);
  }
  const data = Buffer.concat(pieces);
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
