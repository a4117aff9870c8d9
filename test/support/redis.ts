import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whereIs } from "./needs.js";

/** A Redis of the tests' own, on a port of its own, that keeps what it is told on disk. */
export interface TestRedis {
  readonly url: string;
  /** Ends it without a warning, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again with what it had. */
  start(): Promise<void>;
  /** Holds it still: it takes what it is sent and answers nothing. */
  pause(): Promise<void>;
  resume(): void;
  /** Removes a key. */
  forget(key: string): Promise<void>;
  /** What it answers to a command, such as `CONFIG SET maxmemory 0`; throws when it refuses. */
  ask(command: string): Promise<string>;
  /** Ends it for good and removes what it kept. */
  remove(): Promise<void>;
}

/** Starts a real `redis-server`; call it where `needs("redis")` holds, or say which. */
export async function aRedis(program = whereIs("redis")): Promise<TestRedis> {
  if (program === null) throw new Error("no redis-server; ask with needs first");
  const dir = mkdtempSync(join(tmpdir(), "parvis-redis-"));
  const port = await freePort();
  let running: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    const child = running;
    running = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  const start = async (): Promise<void> => {
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir];
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const prompt = ["--repl-diskless-sync-delay", "0"];
    running = spawn(program, [...settings, ...durable, ...prompt], { stdio: "ignore" });
    await answers(port);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: async () => {
      if (running === null) await start();
    },
    pause: async () => void running?.kill("SIGSTOP"),
    resume: () => void running?.kill("SIGCONT"),
    forget: (key) => asked(port, `DEL ${key}`).then(() => undefined),
    async ask(command) {
      const answer = await asked(port, command);
      if (answer === null || answer.startsWith("-")) throw new Error(answer ?? "no answer");
      return answer;
    },
    async remove() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await asked(port, "PING"))?.startsWith("+PONG")) {
    if (Date.now() > deadline) throw new Error("redis-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What it answers to a line, as much as comes at once; null when nothing comes. */
function asked(port: number, line: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", () => resolve(null));
  });
}
