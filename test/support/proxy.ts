import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy on a port of its own, which stands for a network that fails. */
export interface TestProxy {
  /** The given address, led through the proxy. */
  readonly url: string;
  /** Ends every connection and takes no new one. */
  cut(): void;
  /** Connections stay and are taken, but nobody reads from them any more, in either direction. */
  hang(): void;
  /** New connections are led to another server; those that are there stay where they are. */
  leadTo(target: string): void;
  /** All is well again; connections that hung are ended. */
  restore(): void;
  close(): Promise<void>;
}

type Mood = "well" | "cut" | "hanging";

/** Opens a proxy in front of the server at `target`, a URL with host and port. */
export async function aProxy(target: string): Promise<TestProxy> {
  let there = new URL(target);
  const sockets = new Set<Socket>();
  const state: { mood: Mood } = { mood: "well" };
  const server = createServer((client) => {
    if (state.mood === "cut") return void client.destroy();
    const upstream = connect(Number(there.port), there.hostname);
    const pairs = [
      [client, upstream],
      [upstream, client],
    ] as const;
    for (const [from, to] of pairs) {
      sockets.add(from);
      from.on("data", (bytes) => to.write(bytes));
      if (state.mood === "hanging") from.pause();
      from.on("error", () => undefined);
      from.once("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endAll = (): void => sockets.forEach((socket) => void socket.destroy());
  const here = new URL(target);
  here.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  here.searchParams.set("directConnection", "true");
  return {
    url: here.href,
    cut() {
      state.mood = "cut";
      endAll();
    },
    hang() {
      state.mood = "hanging";
      for (const socket of sockets) socket.pause();
    },
    leadTo(other) {
      there = new URL(other);
    },
    restore() {
      if (state.mood === "hanging") endAll();
      state.mood = "well";
    },
    async close() {
      endAll();
      server.close();
      await once(server, "close");
    },
  };
}
