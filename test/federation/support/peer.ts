import { createPrivateKey, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { signCavage } from "../../../src/federation/signatures/cavage.js";
import { pooledPair } from "./pairs.js";
import type { Town } from "./town.js";

/** A request that a peer has received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An actor of a server that is not ours. */
export interface PeerActor {
  readonly uri: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly document: Record<string, unknown>;
}

/** How an activity is posted. */
export interface PostOptions {
  readonly path?: string;
  readonly keyId?: string;
  /** Headers put in place of the signed ones; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly date?: Date;
}

/** A request that is ready to go. */
export interface SignedPost {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A small server that speaks ActivityPub, or lies. */
export interface Peer {
  readonly origin: string;
  readonly received: Received[];
  /** Activities that came to any inbox, parsed. */
  inboxed(type?: string): Array<Record<string, unknown>>;
  /** Documents by path; what is not there is 404, a number is a status, what is "silent" is never answered. */
  readonly documents: Map<string, unknown>;
  /** Headers without which a GET is answered 401. */
  readonly demanded: string[];
  /** Status for the next POSTs to an inbox, then 202. */
  readonly answers: Array<number | { status: number; headers: Record<string, string> }>;
  /** POSTs are answered when this is kept; null: at once. */
  hold: Promise<void> | null;
  actor(name: string, change?: Record<string, unknown>): Promise<PeerActor>;
  note(actor: PeerActor, change?: Record<string, unknown>): Record<string, unknown>;
  activity(
    actor: PeerActor,
    type: string,
    object: unknown,
    change?: Record<string, unknown>,
  ): Record<string, unknown>;
  post(town: Town, actor: PeerActor, activity: unknown, options?: PostOptions): Promise<Response>;
  /** What `post` sends. */
  signed(
    town: Pick<Town, "origin" | "clock">,
    actor: PeerActor,
    activity: unknown,
    options?: PostOptions,
  ): SignedPost;
  close(): Promise<void>;
}

const open = new Set<Peer>();
const AS = "https://www.w3.org/ns/activitystreams";

/** Close every peer of the test that just ended. */
export async function closePeers(): Promise<void> {
  for (const peer of [...open]) await peer.close();
}

/** Open a server elsewhere. */
export async function aPeer(): Promise<Peer> {
  const received: Received[] = [];
  const documents = new Map<string, unknown>();
  const answers: Peer["answers"] = [];
  const demanded: string[] = [];
  let serial = 0;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const path = req.url ?? "/";
      const body = Buffer.concat(chunks).toString("utf8");
      received.push({ method: req.method ?? "", path, headers: req.headers, body });
      if (req.method === "POST") {
        const next = answers.shift() ?? 202;
        const { status, headers } = typeof next === "number" ? { status: next, headers: {} } : next;
        const answer = (): void => void res.writeHead(status, headers).end();
        return void (peer.hold === null ? answer() : peer.hold.then(answer));
      }
      if (demanded.some((name) => req.headers[name] === undefined)) {
        return void res.writeHead(401).end();
      }
      const found = documents.get(path);
      if (found === undefined) return void res.writeHead(404).end();
      if (found === "silent") return;
      if (typeof found === "number") return void res.writeHead(found).end();
      res.writeHead(200, { "content-type": "application/activity+json" });
      res.end(JSON.stringify(found));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const peer: Peer = {
    ...{ origin, received, documents, answers, demanded, hold: null },
    inboxed: (type) =>
      received
        .filter(({ method }) => method === "POST")
        .map(({ body }) => JSON.parse(body) as Record<string, unknown>)
        .filter((activity) => type === undefined || activity["type"] === type),
    async actor(name, change = {}) {
      const pair = await pooledPair();
      const uri = `${origin}/users/${name}`;
      const keyId = `${uri}#main-key`;
      const document = {
        "@context": AS,
        ...{ id: uri, type: "Person", preferredUsername: name, name },
        ...{ inbox: `${uri}/inbox`, followers: `${uri}/followers` },
        endpoints: { sharedInbox: `${origin}/inbox` },
        publicKey: { id: keyId, owner: uri, publicKeyPem: pair.publicKeyPem },
        ...change,
      };
      documents.set(`/users/${name}`, document);
      return { uri, keyId, privateKey: createPrivateKey(pair.privateKeyPem), document };
    },
    note(actor, change = {}) {
      serial += 1;
      const id = `${origin}/notes/${serial}`;
      return {
        ...{ id, type: "Note", attributedTo: actor.uri, content: "<p>Bonne idée.</p>" },
        ...{ to: [`${AS}#Public`], ...change },
      };
    },
    activity(actor, type, object, change = {}) {
      serial += 1;
      const id = `${origin}/activities/${serial}`;
      return {
        "@context": AS,
        id,
        type,
        actor: actor.uri,
        object,
        to: [`${AS}#Public`],
        ...change,
      };
    },
    signed(town, actor, activity, options = {}) {
      const body = JSON.stringify(activity);
      const url = town.origin + (options.path ?? "/inbox");
      const date = options.date ?? town.clock.now();
      const signer = { keyId: options.keyId ?? actor.keyId, privateKey: actor.privateKey };
      const signed = signCavage({ method: "POST", url, body, date }, signer);
      const headers: Record<string, string | undefined> = {
        "content-type": "application/activity+json",
        ...signed,
        ...options.headers,
      };
      const kept = Object.entries(headers).filter((entry): entry is [string, string] => {
        return entry[1] !== undefined;
      });
      return { url, body: options.body ?? body, headers: Object.fromEntries(kept) };
    },
    post(town, actor, activity, options = {}) {
      const { url, body, headers } = peer.signed(town, actor, activity, options);
      return fetch(url, { method: "POST", body, headers });
    },
    async close() {
      open.delete(peer);
      await stop(server);
    },
  };
  open.add(peer);
  return peer;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
