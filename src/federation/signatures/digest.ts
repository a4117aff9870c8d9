import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import {
  decodeBase64,
  headerValue,
  needsDigest,
  SignatureProblem,
  type SignedRequest,
} from "./request.js";
import { parseDictionary } from "./structured-fields.js";

/** The SHA-256 of a body, in base64. */
export type Digest = (body: Uint8Array | string) => string;

/** That, made anew each time. */
export const digestOf: Digest = (body) => hash("sha256", body, "base64");

/** A digest that remembers the last texts: what goes to many inboxes is the same for each. */
export function createDigest(): Digest {
  const kept = new LRUCache<string, string>({
    ...{ max: 100, maxSize: 2_000_000 },
    sizeCalculation: (_digest, body) => body.length + 100,
  });
  return (body) => {
    if (typeof body !== "string") return digestOf(body);
    const known = kept.get(body);
    if (known !== undefined) return known;
    const made = digestOf(body);
    kept.set(body, made);
    return made;
  };
}

/** The `Digest` header of a body (RFC 3230), as draft-cavage signatures cover it. */
export function digestHeader(body: Uint8Array | string, digest: Digest = digestOf): string {
  return `SHA-256=${digest(body)}`;
}

/** The `Content-Digest` header of a body (RFC 9530). */
export function contentDigestHeader(body: Uint8Array | string, digest: Digest = digestOf): string {
  return `sha-256=:${digest(body)}:`;
}

function mismatch(): SignatureProblem {
  return new SignatureProblem("digest-mismatch", "the digest is not that of the body");
}

function assertDigest(header: string, body: Uint8Array): void {
  const values = header
    .slice(0, 1024)
    .split(",")
    .map((part) => /^\s*sha-256=(\S+)\s*$/i.exec(part)?.[1])
    .filter((value) => value !== undefined);
  if (values.length !== 1) {
    throw new SignatureProblem("no-digest", "Digest must hold one SHA-256 value");
  }
  if (!decodeBase64(values[0] ?? "")?.equals(hash("sha256", body, "buffer"))) throw mismatch();
}

function assertContentDigest(header: string, body: Uint8Array): void {
  const members = parseDictionary(header);
  let known = 0;
  for (const [name, algorithm] of [
    ["sha-256", "sha256"],
    ["sha-512", "sha512"],
  ] as const) {
    const member = members.get(name);
    if (member === undefined) continue;
    known += 1;
    if (member.kind !== "item" || !Buffer.isBuffer(member.value)) throw mismatch();
    if (!member.value.equals(hash(algorithm, body, "buffer"))) throw mismatch();
  }
  if (known === 0) throw new SignatureProblem("no-digest", "Content-Digest holds no known digest");
}

/**
 * Compare every digest that a request carries with its raw body, covered by the signature or not,
 * and ask for the one named by `required` where there is a body. Throws SignatureProblem
 * `no-digest` or `digest-mismatch`.
 */
export function assertDigests(request: SignedRequest, required: "digest" | "content-digest"): void {
  if (needsDigest(request) && headerValue(request, required) === null) {
    throw new SignatureProblem("no-digest", `the ${required} header is missing`);
  }
  const digest = headerValue(request, "digest");
  if (digest !== null) assertDigest(digest, request.rawBody);
  const contentDigest = headerValue(request, "content-digest");
  if (contentDigest !== null) assertContentDigest(contentDigest, request.rawBody);
}
