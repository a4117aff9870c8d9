import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { addressedTo, messagesOf, readCommand, type Command } from "./wire.js";

type Mood = "well" | "dead" | "mute";

/** A server that answers for one member of a set. */
export interface Member {
  readonly address: string;
  readonly mood: Mood;
  /** Ends every connection and closes the port, as the end of a process does. */
  kill(): Promise<void>;
  /** Connections stay and are taken, but nobody reads from them or answers. */
  mute(): void;
  /** Well again, on the same port; connections that waited in vain are ended. */
  start(): Promise<void>;
}

/** How a member answers: itself, or with what the engine says to the bytes that it is asked for. */
export interface Answering {
  /** Where the engine is. */
  readonly engine: URL;
  /** Answers of our own to `hello`, as many as are taken. */
  hello(command: Command, say: (answer: Buffer) => void, isOver: AbortSignal): Promise<void>;
  /** The answer to any other command; null: the connection is closed instead. */
  answer(command: Command, ask: (bytes: Buffer) => Promise<Buffer>): Promise<Buffer | null>;
}

const greetings: ReadonlySet<string> = new Set(["hello", "isMaster", "ismaster"]);

/** Opens a member on a port of its own. */
export async function aMember(answering: Answering): Promise<Member> {
  const sockets = new Set<Socket>();
  const state: { mood: Mood; server: Server } = { mood: "well", server: await listening(0) };
  const { port } = state.server.address() as AddressInfo;
  const endAll = (): void => sockets.forEach((socket) => void socket.destroy());

  const taken = (client: Socket): void => {
    sockets.add(client);
    client.once("close", () => sockets.delete(client)).on("error", () => undefined);
    serve(client, answering, () => state.mood === "well");
    if (state.mood === "mute") client.pause();
  };
  state.server.on("connection", taken);
  return {
    address: `127.0.0.1:${port}`,
    get mood() {
      return state.mood;
    },
    async kill() {
      state.mood = "dead";
      endAll();
      if (!state.server.listening) return;
      state.server.close();
      await once(state.server, "close");
    },
    mute() {
      state.mood = "mute";
      for (const socket of sockets) socket.pause();
    },
    async start() {
      endAll();
      if (!state.server.listening) {
        state.server = await listening(port);
        state.server.on("connection", taken);
      }
      state.mood = "well";
    },
  };
}

/** Listens, if need be after whoever got the port meanwhile. */
async function listening(port: number): Promise<Server> {
  for (;;) {
    const server = createServer().listen(port, "127.0.0.1");
    const isUp = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (isUp) return server;
    await pause(50);
  }
}

/** Answers one command after the other, each connection with one of its own to the engine. */
function serve(client: Socket, { engine, hello, answer }: Answering, isWell: () => boolean): void {
  const over = new AbortController();
  const { ask, end } = anUpstream(engine);
  const say = (bytes: Buffer): void => void (isWell() && client.write(bytes));
  let turn = Promise.resolve();
  messagesOf(client, (bytes) => {
    turn = turn.then(async () => {
      const command = readCommand(bytes);
      if (greetings.has(command.name)) return hello(command, say, over.signal);
      const said = await answer(command, (wanted) => ask(wanted, command.wantsNone));
      if (said === null) client.destroy();
      else if (!command.wantsNone) say(addressedTo(command, said));
    });
    turn = turn.catch(() => void client.destroy());
  });
  client.once("close", () => {
    over.abort();
    // What the engine was given is carried out, whether or not anybody hears of it.
    void turn.finally(end);
  });
}

interface Upstream {
  ask(this: void, bytes: Buffer, wantsNone: boolean): Promise<Buffer>;
  end(this: void): void;
}

function anUpstream({ port, hostname }: URL): Upstream {
  const socket = connect(Number(port), hostname);
  let waiting: { heard: (answer: Buffer) => void; lost: (error: Error) => void } | null = null;
  messagesOf(socket, (answer) => waiting?.heard(answer));
  socket.on("error", () => undefined);
  socket.once("close", () => waiting?.lost(new Error("the engine is gone")));
  return {
    ask(bytes, wantsNone) {
      if (socket.closed) return Promise.reject(new Error("the engine is gone"));
      socket.write(bytes);
      if (wantsNone) return Promise.resolve(Buffer.alloc(0));
      return new Promise((heard, lost) => (waiting = { heard, lost }));
    },
    end: () => void socket.destroy(),
  };
}
