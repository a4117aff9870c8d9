import { connect } from "node:net";

/** What a server sent back over a bare connection, as text; empty when it only hung up. */
export interface RawAnswer {
  /** 0 when there was no status line. */
  readonly status: number;
  readonly text: string;
}

/** Send bytes as they are, and hear until the server hangs up, falls silent, or `waitMs` is over. */
export function rawRequest(
  origin: string,
  bytes: string | Uint8Array,
  waitMs = 20_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    const timer = setTimeout(end, waitMs);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => void (text += chunk));
    socket.once("error", end).once("close", end);
    socket.write(bytes);
  });
}

/** The bytes of a request, closing the connection after it. */
export function requestBytes(
  line: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): string {
  const all = { connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [line, ...lines, "", body].join("\r\n");
}
