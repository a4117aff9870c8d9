import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { MongoClient } from "mongodb";
import { aGate, until } from "../drivers/queue.conformance.js";
import { builtChild } from "../support/built.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";

const source = new URL("./delivery-workers.child.ts", import.meta.url);

/** A process that works on what is queued, and says, changes and removes what it is told to. */
interface Worker {
  readonly child: ChildProcess;
  ask(order: string, ...given: string[]): Promise<string>;
  stop(): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly result?: string;
  readonly error?: string;
}

async function aWorker(program: string, store: object): Promise<Worker> {
  const { MONGODB_URL: _url, ...env } = process.env;
  const child = fork(program, [JSON.stringify(store)], { env, execArgv: [] });
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on("message", (answer: Answer) => waiting.get(answer.id ?? 0)?.(answer));
  await once(child, "message");
  let last = 0;
  return {
    child,
    ask: (order, ...given) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ result, error }) => {
          if (error === undefined) resolve(result ?? "");
          else reject(new Error(error));
        });
        child.send({ id: last, order, given });
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

interface Backing {
  readonly store: object;
  remove(): Promise<void>;
}

function onSqlite(): Backing {
  const folder = mkdtempSync(join(tmpdir(), "parvis-workers-"));
  return {
    store: { file: join(folder, "store.db") },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function onMongo(url: string): Backing {
  const dbName = `parvis_workers_${randomUUID().slice(0, 8)}`;
  return {
    store: { url, dbName },
    async remove() {
      const client = await MongoClient.connect(url);
      await client.db(dbName).dropDatabase();
      await client.close();
    },
  };
}

const url = process.env["MONGODB_URL"] ?? "";
const backings: ReadonlyArray<readonly [string, () => Backing]> = [
  ["SQLite", onSqlite],
  ...(url === "" ? [] : [["MongoDB", () => onMongo(url)] as const]),
];

for (const [name, open] of backings) {
  describe(`two processes that deliver from one store (${name})`, function () {
    this.timeout(120_000);
    let program: string;
    let backing: Backing;
    let peers: readonly Peer[];
    let workers: readonly [Worker, Worker];
    let proposal: string;
    before(async () => void (program = await builtChild(source)));
    beforeEach(async () => {
      backing = open();
      peers = [await aPeer(), await aPeer()];
      const first = await aWorker(program, backing.store);
      proposal = await first.ask("found", ...peers.map(({ origin }) => `${origin}/inbox`));
      workers = [first, await aWorker(program, backing.store)];
    });
    afterEach(async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await closePeers();
      await backing.remove();
    });

    /** What came to one inbox about one comment, in its order: the first letters. */
    const cameTo = (peer: Peer, uri: string): string =>
      peer
        .inboxed()
        .filter(({ object }) => (object as { id?: string }).id === uri)
        .map(({ type }) => String(type).charAt(0))
        .join("");
    const lastAt = (peer: Peer, uri: string): string => {
      const all = peer.inboxed().filter(({ object }) => (object as { id?: string }).id === uri);
      return String((all.at(-1)?.["object"] as { content?: string } | undefined)?.content ?? "");
    };
    /** One process says it, the other changes it, the first again; every third is removed. */
    const live = async (n: number): Promise<string> => {
      const [one, other] = n % 2 === 0 ? workers : [workers[1], workers[0]];
      const uri = await one.ask("say", proposal, `${n} un.`);
      await other.ask("edit", uri, `${n} deux.`);
      await one.ask("edit", uri, `${n} trois.`);
      if (n % 3 === 0) await other.ask("remove", uri);
      return uri;
    };
    const liveAll = (count: number): Promise<string[]> =>
      Promise.all(Array.from({ length: count }, (_one, n) => live(n)));
    /** A copy of what was sent before may come again where a process died; nothing comes out of order. */
    const expectOrder = (uris: readonly string[]): void => {
      for (const [n, uri] of uris.entries()) {
        for (const [at, peer] of peers.entries()) {
          const came = cameTo(peer, uri);
          const isRemoved = n % 3 === 0;
          const order = isRemoved ? /^C*U*D+$/ : /^C+U+$/;
          expect(came, `${n} at ${at}`).to.match(order);
          if (!isRemoved) expect(lastAt(peer, uri)).to.contain(`${n} trois.`);
        }
      }
    };

    it("tell every inbox of each thing in its order, whoever of them takes what", async () => {
      const uris = await liveAll(9);
      await workers[1].ask("delivered");

      expectOrder(uris);
    });

    it("lose nothing and mix up nothing when one of them is killed in the midst of its deliveries", async () => {
      const gate = aGate();
      for (const peer of peers) peer.hold = gate.opened;
      const held = await liveAll(6);
      await until(() => peers.every((peer) => peer.inboxed().length > 0));
      const [killed, survivor] = workers;
      const ended = once(killed.child, "exit");
      killed.child.kill("SIGKILL");
      await ended;

      gate.open();
      await survivor.ask("delivered");

      expectOrder(held);
    });
  });
}
