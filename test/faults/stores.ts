import { spawn } from "node:child_process";
import { once } from "node:events";
import { aProxy } from "../support/proxy.js";
import { aReplicaSet } from "../support/replica-set/set.js";
import type { Part } from "./parts.js";

/** MongoDB as the processes of a deployment reach it, and what ends it. */
export interface FailingStore {
  readonly part: Part;
  addressOf(this: void, database: string): string;
  close(): Promise<void>;
}

/**
 * The ways in which the store fails. Its server is shared: it stands for its death that everything said to it
 * is cut in the middle, and for a network that loses everything that nothing comes through. Or a replica
 * set loses its primary (a stand-in, see `aReplicaSet`), or the server itself is killed and started, by commands
 * of whoever runs this.
 */
const ways = { network, set, server } as const;

/** One of them. */
export type Way = keyof typeof ways;

/** Whether there is such a way to fail. */
export function isWay(word: string): word is Way {
  return Object.hasOwn(ways, word);
}

/** Puts a way to fail between a deployment and the server at `url`. */
export function aFailingStore(way: Way, url: string, random: () => number): Promise<FailingStore> {
  return ways[way](url, random);
}

function databaseAt(url: string): FailingStore["addressOf"] {
  return (pathname) => Object.assign(new URL(url), { pathname }).href;
}

async function network(url: string, random: () => number): Promise<FailingStore> {
  const proxy = await aProxy(url);
  return {
    part: {
      name: "store",
      kill: async () => (random() < 0.5 ? proxy.cut() : proxy.hang()),
      start: async () => proxy.restore(),
    },
    addressOf: databaseAt(proxy.url),
    close: () => proxy.close(),
  };
}

/** The primary steps down, ends, or answers no more, in turn; the next one is elected when it "starts". */
async function set(url: string): Promise<FailingStore> {
  const members = 3;
  const replicas = await aReplicaSet(url, members);
  let [lost, turn] = [0, 0];
  return {
    part: {
      name: "primary",
      async kill() {
        lost = replicas.primary ?? 0;
        turn += 1;
        if (turn % 3 === 1) replicas.stepDown();
        else if (turn % 3 === 2) await replicas.kill(lost);
        else replicas.mute(lost);
      },
      async start() {
        replicas.elect((lost + 1) % members);
        await replicas.start(lost);
      },
    },
    addressOf: replicas.url,
    close: () => replicas.close(),
  };
}

async function server(url: string): Promise<FailingStore> {
  const [kill, start] = [command("PARVIS_FAULTS_KILL"), command("PARVIS_FAULTS_START")];
  return {
    part: { name: "store's server", kill, start },
    addressOf: databaseAt(url),
    close: async () => undefined,
  };
}

/** Runs what a setting says, as a shell would. */
function command(setting: string): () => Promise<void> {
  const line = process.env[setting];
  if (!line)
    throw new Error(`Set ${setting}: the command that does so to the server at MONGODB_URL.`);
  return async () => {
    const running = spawn("sh", ["-c", line], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(running, "exit")) as [number | null];
    if (code !== 0) throw new Error(`${setting} ended with ${code}`);
  };
}
