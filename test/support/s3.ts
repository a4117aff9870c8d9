import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Place } from "../../src/drivers/media/s3-requests.js";
import { verifySigV4 } from "./sigv4.js";

/** How an answer goes wrong: a status, none at all, one that breaks off, one that waits; or for once not. */
export type Fault = number | "silence" | "cut" | "none" | Promise<void>;

/** A bucket on this machine that takes only what is rightly signed. */
export interface Bucket {
  readonly place: S3Place;
  /** What the environment says of it. */
  readonly env: Record<string, string>;
  readonly objects: Map<string, Buffer>;
  /** What was asked, as method and path. */
  readonly asked: string[];
  /** How the next requests go wrong, in turn. */
  readonly faults: Fault[];
  close(): Promise<void>;
}

const keys = { accessKeyId: "AKPARVIS", secretAccessKey: "un/secret+que/personne" };
const region = "eu-west-3";
const name = "parvis-media";
/** Few, so that every list has several pages. */
const pageSize = 3;

/** Open a bucket that answers as the S3 API reference says: PUT, GET and DELETE of objects, ListObjectsV2. */
export async function aBucket(): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const [asked, faults]: [string[], Fault[]] = [[], []];
  const server = createServer((req, res) => {
    void readAll(req).then(async (body) => {
      asked.push(`${req.method} ${req.url}`);
      const fault = faults.shift();
      if (fault instanceof Promise) await fault;
      else if (fault !== undefined && fault !== "none") return goWrong(res, fault);
      const { method = "", url: target = "", headers } = req;
      const refused = verifySigV4(
        { method, target, headers, body },
        { ...keys, region },
        new Date(),
      );
      if (refused !== null) return sendError(res, 403, refused);
      return answer(objects, { method, target, body }, res);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    ...{ objects, asked, faults },
    place: { endpoint, bucket: name, region, ...keys, pathStyle: true },
    env: {
      ...{ S3_ENDPOINT: endpoint, S3_BUCKET: name, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: keys.accessKeyId, S3_SECRET_ACCESS_KEY: keys.secretAccessKey },
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Asked {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

function answer(objects: Bucket["objects"], { method, target, body }: Asked, res: ServerResponse) {
  const { pathname, searchParams } = new URL(target, "http://bucket");
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = rest.map(decodeURIComponent).join("/");
  if (bucket !== name) return sendError(res, 404, "NoSuchBucket");
  if (key === "" && method === "GET") return sendList(objects, searchParams, res);
  if (method === "PUT") {
    objects.set(key, body);
    return void res.end();
  }
  if (method === "DELETE") {
    objects.delete(key);
    return void res.writeHead(204).end();
  }
  const found = objects.get(key);
  if (found === undefined) return sendError(res, 404, "NoSuchKey");
  return void res.writeHead(200, { "content-type": "application/octet-stream" }).end(found);
}

function sendList(objects: Bucket["objects"], query: URLSearchParams, res: ServerResponse): void {
  if (query.get("list-type") !== "2") return sendError(res, 400, "InvalidArgument");
  const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString();
  const prefix = query.get("prefix") ?? "";
  const ours = [...objects.keys()].filter((key) => key.startsWith(prefix));
  const all = ours.sort().filter((key) => key > after);
  const page = all.slice(0, pageSize);
  const last = Buffer.from(page.at(-1) ?? "").toString("base64");
  const more = all.length > pageSize;
  const contents = page.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`).join("");
  const next = more ? `<NextContinuationToken>${last}</NextContinuationToken>` : "";
  send(
    res,
    200,
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${name}</Name><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`,
  );
}

function goWrong(res: ServerResponse, fault: Exclude<Fault, "none" | Promise<void>>): void {
  if (fault === "silence") return;
  if (typeof fault === "number") return sendError(res, fault, "SlowDown");
  res.writeHead(200, { "content-length": "1000" }).write("half");
  setImmediate(() => res.destroy());
}

function sendError(res: ServerResponse, status: number, code: string): void {
  send(res, status, `<Error><Code>${code}</Code><Message>see the code</Message></Error>`);
}

function send(res: ServerResponse, status: number, xml: string): void {
  res
    .writeHead(status, { "content-type": "application/xml" })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
