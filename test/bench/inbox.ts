import { createPrivateKey } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { signCavage } from "../../src/federation/signatures/cavage.js";
import { generateRsaPair, type RsaPair } from "../../src/federation/signatures/generate.js";
import { embedded, openEngines, type Engine } from "./engines.js";
import { freePort, root, serve, type Served } from "./process.js";
import { fixed, median, printTable } from "./table.js";

/** Share of the bare floor that reception has to reach (requirement 26 asks for 0.45). */
export const leastShare = 0.6;

const connections = 20;
const rounds = 5;
const perRound = 2_500;
/** Rounds' worth of activities before anything is measured. */
const warmUp = 1.2;
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
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        ...{ id: uri, type: "Person", preferredUsername: "a", inbox: `${uri}/inbox` },
        publicKey: { id: `${uri}#main-key`, owner: uri, publicKeyPem: pair.publicKeyPem },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const uris = Array.from({ length: senders }, (_, at) => `http://127.0.0.${at + 2}:${port}/actor`);
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
            res.statusCode === 202
              ? resolve()
              : reject(new Error(`${to} answered ${res.statusCode}`)),
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

/** Each sender's first, one after the other: so many new keys at once would be too many of one client. */
async function introduce(to: string, uris: readonly string[], pair: RsaPair): Promise<void> {
  for (const first of signedActivities(to, uris, pair, 900_000_000, uris.length)) {
    await post(to, [first]);
  }
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const fedifyScript = script("../federation/peers/fedify/inbox.mjs");
const fedifyModules = script("../federation/peers/node_modules/@fedify/fedify");

/** A server whose inbox is measured. */
interface Measured {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** Activities of a round; slow servers get fewer. */
  readonly count: number;
}

/** The application built as `npm start` builds it; run from its sources it is half as fast. */
async function builtOurs(): Promise<string> {
  const outfile = join(root, "dist", "inbox-ours.js");
  await build({
    ...{ entryPoints: [script("inbox-ours.ts")], outfile, bundle: true, packages: "external" },
    ...{ format: "esm", platform: "node", target: "node20.19", logLevel: "silent" },
  });
  return outfile;
}

/** The application on one of the engines. */
async function oursOn(engine: Engine, dataDir: string): Promise<Measured> {
  const port = await freePort();
  const env = {
    ...{ DATA_DIR: dataDir, PORT: String(port), PUBLIC_URL: `http://localhost:${port}` },
    ...{ FEDERATION_PRIVATE_ADDRESSES: "true", ...engine.env },
  };
  const command = [process.execPath, await builtOurs()];
  return { name: engine.name, command, env, port, count: perRound };
}

/** The application on each engine, the bare floor, and Fedify's inbox where it is installed. */
async function measuredServers(
  engines: readonly Engine[],
  dataDir: string,
  keyFile: string,
): Promise<Measured[]> {
  const node = [process.execPath, "--import=tsx"];
  const [floor, fedify] = [await freePort(), await freePort()];
  const floorCommand = [...node, script("inbox-floor.ts"), keyFile, String(floor)];
  const all: Measured[] = [
    { name: "floor", command: floorCommand, env: {}, port: floor, count: perRound },
  ];
  for (const engine of engines) all.push(await oursOn(engine, dataDir));
  if (!existsSync(fedifyModules)) return all;
  const command = [process.execPath, fedifyScript, String(fedify)];
  return [...all, { name: "fedify", command, env: {}, port: fedify, count: perRound / 5 }];
}

/** Activities that each server took a second: medians of five rounds, in turns, once all are warm. */
export async function measureInbox(): Promise<ReadonlyMap<string, number>> {
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-inbox-"));
  const pair = await generateRsaPair();
  const keyFile = join(dataDir, "key.pem");
  writeFileSync(keyFile, pair.publicKeyPem);
  const { server, uris } = await openSenders(pair);
  const engines = await openEngines();
  const measured = await measuredServers(engines, dataDir, keyFile);
  const served: Served[] = [];
  try {
    for (const one of measured) served.push(await serve({ ...one, core: 0 }));
    for (const { port } of measured) await introduce(`http://localhost:${port}`, uris, pair);
    const figures = new Map(measured.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const { name, port, count } of measured) {
        const to = `http://localhost:${port}`;
        const many = round === 0 ? Math.round(count * warmUp) : count;
        const perSecond = await post(to, signedActivities(to, uris, pair, round * 100_000, many));
        if (round > 0) figures.get(name)?.push(perSecond);
      }
    }
    return new Map([...figures].map(([name, all]) => [name, median(all)]));
  } finally {
    for (const one of served) await one.stop();
    for (const engine of engines) await engine.remove();
    server.closeAllConnections();
    server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Print what reception reaches. It reports and never fails: how fast a machine is proves nothing. */
export async function benchInbox(): Promise<void> {
  const figures = await measureInbox();
  const floor = figures.get("floor") ?? Number.NaN;
  const rows = [...figures].map(([name, perSecond]) => ({
    inbox: name,
    "activities/s": fixed(perSecond),
    "of the floor": fixed(perSecond / floor, 2),
    aim: name === embedded.name ? `≥ ${fixed(leastShare, 2)}` : "",
  }));
  printTable(
    "New signed activities, each verified before its sender gets an answer (ours, embedded or on servers: and stored)",
    rows,
  );
}
