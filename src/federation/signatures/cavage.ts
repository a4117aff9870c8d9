import type { KeyObject } from "node:crypto";
import { signBytes, signBytesAside } from "./algorithms.js";
import { parseCavageHeader, type CavageHeader } from "./cavage-header.js";
import { assertDigests, digestHeader, type Digest } from "./digest.js";
import { assertFresh, assertFreshDate, assertNotExpired } from "./freshness.js";
import {
  headerValue,
  needsDigest,
  pathAndQuery,
  SignatureProblem,
  withoutQuery,
  type InspectedSignature,
  type SignedRequest,
} from "./request.js";

/** A request that we are about to send. */
export interface RequestToSign {
  readonly method: string;
  readonly url: string;
  readonly body?: Uint8Array | string | undefined;
  /** When it is signed; now by default. */
  readonly date?: Date | undefined;
  /** Digests the body; it may know the digest already. */
  readonly digest?: Digest | undefined;
}

/** Who signs: the address of the public key, and its private half. */
export interface Signer {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/**
 * Sign a request as draft-cavage-http-signatures-12 has it, over `(request-target) host date` and,
 * with a body, `digest`. Returns the headers to add: `date`, `digest`, `signature`. The `Host` that
 * the client sends must be that of the URL.
 */
export function signCavage(request: RequestToSign, signer: Signer): Record<string, string> {
  const { base, finish } = unsignedCavage(request, signer);
  return finish(signBytes(base, signer.privateKey));
}

/** The same, signed by `signBytesAside`. */
export async function signCavageAside(
  request: RequestToSign,
  signer: Signer,
): Promise<Record<string, string>> {
  const { base, finish } = unsignedCavage(request, signer);
  return finish(await signBytesAside(base, signer.privateKey));
}

/** What is to be signed, and how it becomes headers with its signature. */
export interface Unsigned {
  readonly base: string;
  finish(signature: Buffer): Record<string, string>;
}

function unsignedCavage(request: RequestToSign, signer: Signer): Unsigned {
  const date = (request.date ?? new Date()).toUTCString();
  const lines = [
    `(request-target): ${request.method.toLowerCase()} ${pathAndQuery(request.url)}`,
    `host: ${new URL(request.url).host}`,
    `date: ${date}`,
  ];
  const digest = request.body === undefined ? null : digestHeader(request.body, request.digest);
  if (digest !== null) lines.push(`digest: ${digest}`);
  const covered = `(request-target) host date${digest === null ? "" : " digest"}`;
  const algorithm = signer.privateKey.asymmetricKeyType === "rsa" ? "rsa-sha256" : "hs2019";
  return {
    base: lines.join("\n"),
    finish: (signature) => ({
      date,
      ...(digest === null ? {} : { digest }),
      signature: `keyId="${signer.keyId}",algorithm="${algorithm}",headers="${covered}",signature="${signature.toString("base64")}"`,
    }),
  };
}

function assertCovered(request: SignedRequest, covered: readonly string[]): void {
  const isDated = covered.includes("date") || covered.includes("(created)");
  const required = ["(request-target)", "host", ...(needsDigest(request) ? ["digest"] : [])];
  const missing = required.find((name) => !covered.includes(name));
  if (missing !== undefined || !isDated) {
    throw new SignatureProblem("uncovered", `${missing ?? "date"} is not covered`);
  }
}

function assertMoment(request: SignedRequest, header: CavageHeader, now: Date): void {
  if (header.covered.includes("(created)")) {
    // Section 2.3: the two derived times are not for the older algorithm names.
    if (header.algorithm !== null && header.algorithm !== "hs2019") {
      throw new SignatureProblem("algorithm", `(created) does not go with ${header.algorithm}`);
    }
    assertFresh((header.created ?? Number.NaN) * 1000, now);
  }
  if (header.covered.includes("date")) assertFreshDate(headerValue(request, "date") ?? "", now);
  assertNotExpired(header.expires, now);
}

function lineOf(request: SignedRequest, header: CavageHeader, name: string, target: string) {
  switch (name) {
    case "(request-target)":
      return `${name}: ${request.method.toLowerCase()} ${target}`;
    case "(created)":
      return `${name}: ${header.created}`;
    case "(expires)":
      return `${name}: ${header.expires}`;
    case "host":
      return `${name}: ${request.host}`;
    default: {
      const value = headerValue(request, name);
      if (value === null)
        throw new SignatureProblem("uncovered", `${name} is covered but not sent`);
      return `${name}: ${value}`;
    }
  }
}

/**
 * Everything about a draft-cavage signature that needs no key: form, coverage, freshness, digest.
 * Throws SignatureProblem. The path is tried with and without its query, as Mastodon and GoToSocial
 * do, since some senders leave it out.
 */
export function inspectCavage(request: SignedRequest, now: Date): InspectedSignature {
  const header = parseCavageHeader(headerValue(request, "signature") ?? "");
  assertCovered(request, header.covered);
  assertMoment(request, header, now);
  assertDigests(request, "digest");
  const target = pathAndQuery(request.url);
  const base = (path: string) =>
    header.covered.map((name) => lineOf(request, header, name, path)).join("\n");
  return {
    ok: true,
    scheme: "cavage",
    keyId: header.keyId,
    algorithm: header.algorithm,
    signature: header.signature,
    bases: target.includes("?") ? [base(target), base(withoutQuery(target))] : [base(target)],
  };
}
