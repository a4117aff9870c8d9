import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The two standards of HTTP signatures. */
export type Standard = "cavage" | "rfc9421";

/** What Fedify makes of a document: the class it took it for and what it read. */
export type Seen = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly id: string | null;
};

/** An activity that came to one of its inboxes, as Fedify judges it. */
export interface Judged {
  readonly type: string;
  readonly id: string;
  readonly path: string;
  readonly status: number;
  readonly standard: Standard | null;
  /** The owner of the key of its HTTP signature, when Fedify verified it; else null. */
  readonly signedBy: string | null;
  /** Fedify verified its integrity proof. */
  readonly isProven: boolean;
  readonly document: Readonly<Record<string, unknown>>;
}

/** All that happened at a peer. */
export interface Told {
  readonly received: readonly Judged[];
  /** The activities that its listeners were given, read by its vocabulary. */
  readonly heard: readonly Seen[];
  readonly errors: readonly string[];
  readonly sent: ReadonlyArray<{
    readonly method: string;
    readonly url: string;
    readonly standard: Standard | null;
    readonly status: number;
  }>;
}

/** An object of the vocabulary to be made: its class, and its properties. */
export interface Described {
  readonly kind: string;
  readonly [property: string]: unknown;
}

/** How one of its people looks from now on. */
export interface Face {
  readonly name?: string;
  /** Another account that is theirs, too (`alsoKnownAs`). */
  readonly alias?: string;
  readonly movedTo?: string;
}

/** Two posts, and what is said to authorise that the one quotes the other. */
export interface AskedQuote {
  readonly quoting: string;
  readonly quoted: string;
  readonly authorization: string;
}

/** A server made with Fedify, in a process of its own. */
export interface FedifyPeer {
  readonly origin: string;
  /** The id of one of its people. */
  person(name: string): string;
  /** Send an activity by one of its people to the actor at `to`. Fails unless it was taken. */
  send(from: string, to: string, activity: Described, shared?: boolean): Promise<void>;
  publish(id: string, note: Described): Promise<void>;
  leave(name: string): Promise<void>;
  change(name: string, face: Face): Promise<void>;
  /** From now on whoever asks to follow somebody there is refused. */
  refuse(name: string): Promise<void>;
  /** `stands` when a quote is authorised as FEP-044f asks, read with Fedify; else why it is not. */
  quoteStands(as: string, quote: AskedQuote): Promise<string>;
  look(address: string): Promise<Seen | null>;
  read(as: string, address: string): Promise<Seen>;
  finger(resource: string): Promise<{ subject?: string; links?: ReadonlyArray<object> } | null>;
  nodeInfo(address: string): Promise<Record<string, unknown> | null>;
  told(): Promise<Told>;
  close(): Promise<void>;
}

/** What the peer prefers and demands. */
export interface FedifyOptions {
  readonly firstKnock: "draft-cavage-http-signatures-12" | "rfc9421";
  /** What it does not understand is answered 401, as servers do that know one standard alone. */
  readonly demands?: Standard;
}

/** Both standards: what a peer that prefers one signs with first. */
export const standards: ReadonlyArray<readonly [Standard, FedifyOptions["firstKnock"]]> = [
  ["cavage", "draft-cavage-http-signatures-12"],
  ["rfc9421", "rfc9421"],
];

/** Start one. Close it in `after`. */
export async function aFedifyPeer(options: FedifyOptions): Promise<FedifyPeer> {
  const script = fileURLToPath(new URL("./fedify/peer.mjs", import.meta.url));
  const { MONGODB_URL: _unused, NODE_OPTIONS: _options, ...env } = process.env;
  const given = JSON.stringify({ demands: null, ...options });
  const child = fork(script, [given], {
    env,
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  child.stdout?.resume();
  const origin = await ready(child, () => said);
  const order = ordersTo(child);
  return {
    origin,
    person: (name) => `${origin}/users/${name}`,
    send: (from, to, activity, shared = false) => order("send", { from, to, activity, shared }),
    publish: (id, note) => order("publish", { id, note }),
    leave: (name) => order("leave", { name }),
    change: (name, face) => order("change", { name, face }),
    refuse: (name) => order("refuse", { name }),
    quoteStands: (as, quote) => order("quoteStands", { as, quote }),
    look: (address) => order("look", { address }),
    read: (as, address) => order("read", { as, address }),
    finger: (resource) => order("finger", { resource }),
    nodeInfo: (address) => order("nodeInfo", { address }),
    told: () => order("told", {}),
    async close() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

interface Answer {
  readonly id?: number;
  readonly ready?: string;
  readonly result?: unknown;
  readonly error?: string;
}

function ready(child: ChildProcess, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The peer ended (${code}): ${said()}`)));
    child.on("message", (message: Answer) => {
      if (message.ready !== undefined) resolve(message.ready);
    });
  });
}

/** Gives orders and waits for each one's answer. */
function ordersTo(child: ChildProcess) {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  child.on("message", (answer: Answer) => {
    const settle = answer.id === undefined ? undefined : waiting.get(answer.id);
    if (answer.id !== undefined) waiting.delete(answer.id);
    settle?.(answer);
  });
  return <T>(order: string, given: object): Promise<T> =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, ({ result, error }) => {
        if (error === undefined) resolve(result as T);
        else reject(new Error(`${order}: ${error}`));
      });
      child.send({ id: last, order, given });
    });
}
