import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { signCavage } from "../../../src/federation/signatures/cavage.js";
import { pooledPair } from "./pairs.js";

/** How a server that is not of this software behaves, or fails to. */
export interface Manners {
  /** What it answers to a Follow. */
  readonly answers?: "Accept" | "Reject" | "nothing";
  readonly inboxStatus?: number;
  /** How far its clock is off. */
  readonly skewMs?: number;
  /** Shows its actor to nobody whom it does not know. */
  readonly guarded?: boolean;
  /** What its actor document says besides. */
  readonly change?: Record<string, unknown>;
  /** Paths that send on and on. */
  readonly circles?: string;
  /** Paths that are never answered. */
  readonly silent?: string;
  readonly actorType?: string;
}

/** Open one that answers for its own actor and for the account `zoe`. */
export async function anotherServer(manners: Manners = {}) {
  const pair = await pooledPair();
  const inboxed: Array<Record<string, unknown>> = [];
  const server = createServer((req, res) => {
    const path = req.url ?? "/";
    res.sendDate = false;
    res.setHeader("date", new Date(Date.now() + (manners.skewMs ?? 0)).toUTCString());
    if (manners.silent !== undefined && path.startsWith(manners.silent)) return;
    if (manners.circles !== undefined && path.startsWith(manners.circles)) {
      return void res.writeHead(302, { location: `${path}x` }).end();
    }
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (req.method === "POST") return take(Buffer.concat(chunks).toString("utf8"), res);
      const known = documents()[path.split("?")[0] ?? ""];
      if (known === undefined) return void res.writeHead(404).end();
      if (
        known.type.includes("activity") &&
        manners.guarded === true &&
        !req.headers["signature"]
      ) {
        return void res.writeHead(401).end();
      }
      res.writeHead(200, { "content-type": known.type }).end(JSON.stringify(known.body));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  const uri = `${origin}/actor`;
  const keyId = `${uri}#main-key`;

  function documents(): Record<string, { type: string; body: unknown }> {
    const actor = {
      "@context": "https://www.w3.org/ns/activitystreams",
      ...{ id: uri, type: "Application", preferredUsername: host, inbox: `${uri}/inbox` },
      publicKey: { id: keyId, owner: uri, publicKeyPem: pair.publicKeyPem },
      ...manners.change,
    };
    const rel = "http://nodeinfo.diaspora.software/ns/schema/2.0";
    return {
      "/actor": { type: manners.actorType ?? "application/activity+json", body: actor },
      "/.well-known/webfinger": {
        type: "application/jrd+json",
        body: { links: [{ rel: "self", type: "application/activity+json", href: uri }] },
      },
      "/.well-known/nodeinfo": {
        type: "application/json",
        body: { links: [{ rel, href: `${origin}/nodeinfo` }] },
      },
      "/nodeinfo": {
        type: "application/json",
        body: { software: { name: "mastodon", version: "4.7.0" } },
      },
    };
  }

  function take(body: string, res: { writeHead(status: number): { end(): void } }): void {
    const activity = JSON.parse(body) as Record<string, unknown>;
    inboxed.push(activity);
    res.writeHead(manners.inboxStatus ?? 202).end();
    const type = manners.answers ?? "Reject";
    if (activity["type"] === "Follow" && type !== "nothing") void tell(type, activity);
  }

  async function tell(type: string, object: Record<string, unknown>): Promise<void> {
    const follower = String(object["actor"]);
    const url = `${follower}/inbox`;
    const body = JSON.stringify({ id: `${uri}/${type}`, type, actor: uri, object, to: [follower] });
    const signer = { keyId, privateKey: createPrivateKey(pair.privateKeyPem) };
    const headers = signCavage({ method: "POST", url, body, date: new Date() }, signer);
    const sent = { ...headers, "content-type": "application/activity+json" };
    await fetch(url, { method: "POST", body, headers: sent }).catch(() => undefined);
  }

  return {
    ...{ host, origin, inboxed },
    close(): Promise<void> {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
