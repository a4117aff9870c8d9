import { hash } from "node:crypto";
import {
  decodeBase64,
  headerValue,
  needsDigest,
  SignatureProblem,
  type SignedRequest,
} from "./request.js";
import { parseDictionary } from "./structured-fields.js";

/** The `Digest` header of a body (RFC 3230), as draft-cavage signatures cover it. */
export function digestHeader(body: Uint8Array | string): string {
  return `SHA-256=${hash("sha256", body, "base64")}`;
}

/** The `Content-Digest` header of a body (RFC 9530). */
export function contentDigestHeader(body: Uint8Array | string): string {
  return `sha-256=:${hash("sha256", body, "base64")}:`;
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
