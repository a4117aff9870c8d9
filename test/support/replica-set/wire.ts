import type { Socket } from "node:net";
import { BSON, type Document } from "mongodb";

/**
 * As much of MongoDB's wire protocol as it takes to stand between a driver and a server: OP_MSG, and
 * OP_QUERY for the first words of a connection (github.com/mongodb/specifications, source/message).
 */
const [opReply, opQuery, opMsg] = [1, 2004, 2013];
const [moreToCome, exhaustAllowed] = [1 << 1, 1 << 16];
const headerBytes = 16;

/** A command as it came. */
export interface Command {
  readonly bytes: Buffer;
  readonly requestId: number;
  readonly isQuery: boolean;
  /** Whoever sent it waits for no answer. */
  readonly wantsNone: boolean;
  /** Whoever sent it takes any number of answers. */
  readonly takesMany: boolean;
  readonly name: string;
  readonly body: Document;
}

/** Hands over every whole message that comes through a connection, in its order. */
export function messagesOf(socket: Socket, each: (message: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    while (held.length >= headerBytes && held.length >= held.readInt32LE(0)) {
      const length = held.readInt32LE(0);
      const message = held.subarray(0, length);
      held = held.subarray(length);
      each(message);
    }
  });
}

/** Reads a command; its rows may lie outside of `body`, and stay unread. */
export function readCommand(bytes: Buffer): Command {
  const [opCode, flags] = [bytes.readInt32LE(12), bytes.readInt32LE(16)];
  const isQuery = opCode === opQuery;
  if (!isQuery && opCode !== opMsg) throw new Error(`opcode ${opCode} is not known here`);
  const body = BSON.deserialize(bodyOf(bytes, isQuery), { promoteBuffers: true });
  return {
    ...{ bytes, requestId: bytes.readInt32LE(4), isQuery, body, name: Object.keys(body)[0] ?? "" },
    wantsNone: !isQuery && (flags & moreToCome) !== 0,
    takesMany: !isQuery && (flags & exhaustAllowed) !== 0,
  };
}

function bodyOf(bytes: Buffer, isQuery: boolean): Buffer {
  const at = isQuery ? bytes.indexOf(0, headerBytes + 4) + 9 : startOfBody(bytes);
  return bytes.subarray(at, at + bytes.readInt32LE(at));
}

/** Where the document of an OP_MSG begins: sections of kind 1, of rows, may come before it. */
function startOfBody(bytes: Buffer): number {
  let at = headerBytes + 4;
  while (bytes[at] !== 0) at += 1 + bytes.readInt32LE(at + 1);
  return at + 1;
}

/** The same command without a field, all values of the same kinds as before. */
export function withoutField({ bytes }: Command, field: string): Buffer {
  const at = startOfBody(bytes);
  const end = at + bytes.readInt32LE(at);
  const kinds = { promoteValues: false, promoteBuffers: false, bsonRegExp: true };
  const { [field]: _left, ...rest } = BSON.deserialize(bytes.subarray(at, end), kinds);
  const message = Buffer.concat([bytes.subarray(0, at), BSON.serialize(rest), bytes.subarray(end)]);
  message.writeInt32LE(message.length, 0);
  return message;
}

/** What an answer of a server says. */
export function readAnswer(bytes: Buffer): Document {
  return BSON.deserialize(bodyOf(bytes, false));
}

/** The same answer to another command. */
export function addressedTo({ requestId }: Command, answer: Buffer): Buffer {
  const copy = Buffer.from(answer);
  copy.writeInt32LE(requestId, 8);
  return copy;
}

/** An answer of our own; `more` says that others will follow. */
export function answerTo({ requestId, isQuery }: Command, says: Document, more = false): Buffer {
  const body = BSON.serialize(says);
  const head = Buffer.alloc(headerBytes + (isQuery ? 20 : 5));
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(requestId, 8);
  head.writeInt32LE(isQuery ? opReply : opMsg, 12);
  if (isQuery) head.writeInt32LE(1, 32);
  else head.writeInt32LE(more ? moreToCome : 0, 16);
  return Buffer.concat([head, body]);
}
