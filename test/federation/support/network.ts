import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  peersCollection,
  type InboxEntry,
  type Peer as PeerRow,
} from "../../../src/federation/records.js";
import type { Site } from "../../support/site.js";
import type { Town } from "./town.js";

/** Where the page is. */
export const page = "/admin/network";

/** The host of an origin, with its port. */
export function hostOf(origin: string): string {
  return new URL(origin).host;
}

/** The words of a page, one space between. */
export function textOf(html: string): string {
  return html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
}

/** What a site knows of a server. */
export function peerRow(site: Site, host: string): Promise<PeerRow | null> {
  return site.ctx.collection(peersCollection).findOne({ host });
}

/** Let sites do what they have to tell each other. */
export async function untilSettled(...sites: readonly Site[]): Promise<void> {
  for (let round = 0; round < 6; round += 1) for (const one of sites) await one.later(1_000);
}

/** What signing a request for a site needs of it. */
export function asTown(site: Site): Town {
  return site as unknown as Town;
}

/** Where a page's list goes on, or null. */
export function nextOf(html: string): string | null {
  const found = /rel="next" href="([^"]*)/.exec(html)?.[1];
  const path = found?.replaceAll("&amp;", "&").replaceAll("&#x3D;", "=");
  return path?.split("#")[0] ?? null;
}

/** A server that says nothing but this status. */
export async function answering(status: number) {
  const server = createServer((_req, res) => void res.writeHead(status).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Something that came and was refused. */
export function anEntry(_id: string, receivedAt: Date): InboxEntry {
  return {
    ...{ _id, actorUri: "https://spam.example/users/s", type: "Create", objectUri: null },
    activityUri: `https://spam.example/${_id}`,
    ...{ body: "secret words", trust: "signed", isVouched: false, about: null },
    ...{ state: "refused", outcome: "not-found", request: "r1", receivedAt },
    expiresAt: new Date(receivedAt.getTime() + 86_400_000),
  };
}
