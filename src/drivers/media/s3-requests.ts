import { setTimeout as rest } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import type { Dispatcher } from "undici";
import { undici } from "../fetch/on-demand.js";
import { isMediaUnavailable, MediaUnavailable, mostMediaBytes, sha256 } from "../media.js";
import { errorCodeIn } from "./s3-xml.js";

/** A bucket that speaks S3, and who we are to it. */
export interface S3Place {
  /** Origin of the service. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Whether the bucket stands in the path, or else before the host. */
  readonly pathStyle: boolean;
}

/** How long one try may take, how often it is tried, and how long to rest before the second. */
export interface S3Patience {
  readonly tryMs: number;
  readonly tries: number;
  readonly restMs: number;
}

/** What is asked of the bucket; every one of these can be asked twice with the same effect. */
export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Name of the object; empty for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly type?: string;
}

/** What the bucket answered: 2xx, or 404 for an object that is not there. */
export interface S3Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Asks the bucket, with patience. */
export interface S3Requests {
  /** @throws MediaUnavailable for every other answer, and for none */
  ask(request: S3Request): Promise<S3Answer>;
  close(): Promise<void>;
}

const connections = 16;
/** Answers that are worth another try: the service is busy, or somewhere on its way something broke. */
const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Requests signed by AWS Signature Version 4 with the SHA-256 of what is sent, so that the service
 * takes it as it left here. The address is the operator's alone: what visitors send reaches no more
 * than the object's name, which has a strict form. No redirect is followed.
 */
export function createS3Requests(place: S3Place, patience: S3Patience): S3Requests {
  const { Agent } = undici();
  const agent = new Agent({ connections, connect: { timeout: patience.tryMs } });
  const keys = new Map<string, ArrayBuffer>();

  async function once(request: S3Request): Promise<S3Answer | Failed> {
    try {
      const signed = await sign(place, request, keys);
      const answer = await agent.request({
        ...{ origin: signed.url.origin, path: signed.url.pathname + signed.url.search },
        ...{ method: request.method, headers: Object.fromEntries(signed.headers) },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal: AbortSignal.timeout(patience.tryMs),
      });
      return judge(answer.statusCode, await bounded(answer.body));
    } catch (error) {
      // An answer that is too long would be as long again.
      return { why: reasonOf(error), passes: !isMediaUnavailable(error) };
    }
  }

  return {
    async ask(request) {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await once(request);
        if (!("why" in outcome)) return outcome;
        if (!outcome.passes || attempt >= patience.tries) throw unavailable(outcome.why);
        await rest(patience.restMs * 2 ** (attempt - 1) * (1 + Math.random()));
      }
    },
    // Whatever waits for a bucket that keeps silent must not hold up the end of the process.
    close: () => agent.destroy(),
  };
}

interface Failed {
  readonly why: string;
  /** Whether another try may go better. */
  readonly passes: boolean;
}

/** The address of an object, or with an empty key of the bucket itself. */
export function addressOf(place: S3Place, { key, query }: Pick<S3Request, "key" | "query">): URL {
  const url = new URL(place.endpoint);
  if (place.pathStyle) url.pathname = `/${place.bucket}/${key}`;
  else {
    url.hostname = `${place.bucket}.${url.hostname}`;
    url.pathname = `/${key}`;
  }
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  return url;
}

function sign(place: S3Place, request: S3Request, cache: Map<string, ArrayBuffer>) {
  const { method, body, type } = request;
  const headers = {
    "x-amz-content-sha256": sha256(body ?? Buffer.alloc(0)),
    ...(type === undefined ? {} : { "content-type": type }),
  };
  const { accessKeyId, secretAccessKey, region } = place;
  const url = addressOf(place, request).href;
  const signer = { method, url, headers, accessKeyId, secretAccessKey, region, cache };
  return new AwsV4Signer({ ...signer, service: "s3" }).sign();
}

function judge(status: number, body: Buffer): S3Answer | Failed {
  if (status >= 200 && status < 300) return { status, body };
  const code = errorCodeIn(body) ?? String(status);
  if (status === 404 && code === "NoSuchKey") return { status, body: Buffer.alloc(0) };
  return { why: code, passes: passing.has(status) };
}

async function bounded(body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > mostMediaBytes) throw new MediaUnavailable("its answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Only what kind of failure it was: addresses and headers stay out of logs. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no reason given";
  if (isMediaUnavailable(error)) return error.message;
  if (error.name === "TimeoutError") return "no answer in time";
  return "code" in error ? String(error.code) : error.name;
}

function unavailable(why: string): MediaUnavailable {
  return new MediaUnavailable(`the bucket of the pictures cannot be used now: ${why}`);
}
