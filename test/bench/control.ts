import { createServer, type Server } from "node:http";

/** What a process that is measured can be told to do, by name. */
export type Orders = Readonly<Record<string, (asked: unknown) => Promise<unknown>>>;

/** Take orders on a port of this process, apart from what is measured, and say that it listens. */
export function takeOrders(port: number, orders: Orders): Server {
  const server = createServer((req, res) => {
    const pieces: Buffer[] = [];
    req.on("data", (piece: Buffer) => pieces.push(piece));
    req.once("end", () => {
      const order = orders[(req.url ?? "").slice(1)];
      const asked = JSON.parse(Buffer.concat(pieces).toString("utf8") || "null") as unknown;
      const done = order === undefined ? Promise.reject(new Error("no such order")) : order(asked);
      done.then(
        (answer) => res.end(JSON.stringify(answer ?? null)),
        (error: unknown) => res.writeHead(500).end(String(error)),
      );
    });
  });
  server.requestTimeout = 0;
  server.listen(port, "127.0.0.1", () => {
    process.stdout.write(`${JSON.stringify({ pid: process.pid, msg: "listening" })}\n`);
  });
  return server;
}

/** Have another process do something and wait for its answer. @throws what went wrong there. */
export async function order<T>(port: number, name: string, asked: unknown = null): Promise<T> {
  const { Agent, request } = await import("undici");
  const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/${name}`, {
      ...{ method: "POST", body: JSON.stringify(asked), dispatcher: patient },
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${name}: ${text}`);
    return JSON.parse(text) as T;
  } finally {
    await patient.close();
  }
}
