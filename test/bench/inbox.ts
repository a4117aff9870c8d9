import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signCavage } from "../../src/federation/signatures/cavage.js";
import { generateRsaPair, type RsaPair } from "../../src/federation/signatures/generate.js";
import { freePort, serve } from "./process.js";
import { fixed, median, printTable } from "./table.js";

/** Share of the bare floor that reception has to reach (requirement 26). */
export const leastShare = 0.45;

const connections = 20;
const rounds = 5;
const perRound = 2_500;
const warmUp = 3_000;
const senders = 20;

interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Actors on many hosts of one server, so that no limit per host is what is measured. */
async function openSenders(pair: RsaPair): Promise<{ server: Server; uris: string[] }> {
  const server = createServer((req, res) => {
    const uri = `http://${req.headers.host}/actor`;
    res.writeHead(200, { "content-type": "application/activity+json" });
    res.end(
      JSON.stringify({
        ...{ id: uri, type: "Person", preferredUsername: "a", inbox: `${uri}/inbox` },
        publicKey: { id: `${uri}#main-key`, owner: uri, publicKeyPem: pair.publicKeyPem },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const uris = Array.from({ length: senders }, (_, at) => `http://s${at}.localhost:${port}/actor`);
  return { server, uris };
}

/** Distinct activities of about a kilobyte, signed before anything is measured. */
function signedActivities(
  to: string,
  uris: readonly string[],
  pair: RsaPair,
  from: number,
  count: number,
): Signed[] {
  const privateKey = createPrivateKey(pair.privateKeyPem);
  return Array.from({ length: count }, (_, at) => {
    const actor = uris[at % uris.length] ?? "";
    const id = `${actor}/notes/${from + at}`;
    const everybody = ["https://www.w3.org/ns/activitystreams#Public"];
    const body = JSON.stringify({
      "@context": "https://www.w3.org/ns/activitystreams",
      ...{ id: `${id}/activity`, type: "Create", actor, to: everybody },
      object: {
        ...{ id, type: "Note", attributedTo: actor, to: everybody, cc: [`${actor}/followers`] },
        ...{ inReplyTo: `${to}/proposals/1`, published: "2026-03-01T10:00:00Z" },
        content: `<p>${"Une bonne idée pour notre rue. ".repeat(14)}</p>`,
      },
    });
    const signer = { keyId: `${actor}#main-key`, privateKey };
    const headers = signCavage({ method: "POST", url: `${to}/inbox`, body }, signer);
    return { headers: { ...headers, "content-type": "application/activity+json" }, body };
  });
}

/** Post everything over kept connections; returns how many a second were taken. */
async function post(to: string, activities: readonly Signed[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  const one = ({ headers, body }: Signed): Promise<void> =>
    new Promise((resolve, reject) => {
      const length = { "content-length": String(Buffer.byteLength(body)) };
      const sent = request(
        `${to}/inbox`,
        { method: "POST", agent, headers: { ...headers, ...length } },
        (res) => {
          res.resume();
          res.once("end", () =>
            res.statusCode === 202 ? resolve() : reject(new Error(`answered ${res.statusCode}`)),
          );
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  const worker = async (): Promise<void> => {
    for (;;) {
      const activity = activities[next];
      next += 1;
      if (activity === undefined) return;
      await one(activity);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const perSecond = activities.length / ((performance.now() - began) / 1_000);
  agent.destroy();
  return perSecond;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Measure reception against the bare floor, in turns, medians of five, once both are warm. */
export async function measureInbox(): Promise<{ ours: number; floor: number; share: number }> {
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-inbox-"));
  const pair = await generateRsaPair();
  const keyFile = join(dataDir, "key.pem");
  writeFileSync(keyFile, pair.publicKeyPem);
  const { server, uris } = await openSenders(pair);
  const [oursPort, floorPort] = [await freePort(), await freePort()];
  const node = [process.execPath, "--import=tsx"];
  const to = `http://localhost:${oursPort}`;
  const ours = await serve({
    command: [...node, script("inbox-ours.ts")],
    ...{ port: oursPort, core: 0 },
    env: {
      ...{ DATA_DIR: dataDir, PORT: String(oursPort), PUBLIC_URL: to },
      FEDERATION_PRIVATE_ADDRESSES: "true",
    },
  });
  const floor = await serve({
    command: [...node, script("inbox-floor.ts"), keyFile, String(floorPort)],
    ...{ port: floorPort, core: 0, env: {} },
  });
  try {
    const results = { ours: [] as number[], floor: [] as number[] };
    const bare = `http://localhost:${floorPort}`;
    for (const origin of [to, bare])
      await post(origin, signedActivities(origin, uris, pair, 0, warmUp));
    for (let round = 1; round <= rounds; round += 1) {
      const from = round * 100_000;
      results.floor.push(await post(bare, signedActivities(bare, uris, pair, from, perRound)));
      results.ours.push(await post(to, signedActivities(to, uris, pair, from, perRound)));
    }
    const [fast, least] = [median(results.ours), median(results.floor)];
    return { ours: fast, floor: least, share: fast / least };
  } finally {
    await ours.stop();
    await floor.stop();
    server.closeAllConnections();
    server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Print what reception reaches. It reports and never fails: how fast a machine is proves nothing. */
export async function benchInbox(): Promise<void> {
  const { ours, floor, share } = await measureInbox();
  printTable("New signed activities, each verified and on disk before its sender gets an answer", [
    {
      "of the floor": fixed(share, 2),
      aim: `≥ ${fixed(leastShare, 2)}`,
      "activities/s": fixed(ours),
      "floor/s": fixed(floor),
    },
  ]);
}
