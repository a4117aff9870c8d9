import type { KeyObject } from "node:crypto";
import { algorithmFor, isKnownAlgorithm, verifyBytes } from "./algorithms.js";
import { inspectCavage } from "./cavage.js";
import {
  headerValue,
  SignatureProblem,
  type InspectedSignature,
  type SignatureRefusal,
  type SignatureRefusalCode,
  type SignedRequest,
  type KeyProblem,
} from "./request.js";
import { inspectRfc9421 } from "./rfc9421.js";
import { originOf } from "../addresses.js";

/** A key whose owner is proven (see `createKeyResolver`). */
export interface VerifiedKey {
  readonly keyId: string;
  /** The actor that the key belongs to, and that says so itself. */
  readonly owner: string;
  readonly key: KeyObject;
  readonly actor: Readonly<Record<string, unknown>>;
}

/** Why no key came out of a key id. */
export interface NoKey {
  readonly unavailable: KeyProblem;
}

/**
 * Finds the key of a key id; `refresh` asks for it anew, which may be declined; `client` is who has us
 * look, whose share it is counted for.
 */
export type ResolveKey = (
  keyId: string,
  options?: { readonly refresh?: boolean; readonly client?: string | null },
) => Promise<VerifiedKey | NoKey>;

/** What verification needs beside the request. */
export interface VerifyOptions {
  readonly resolveKey: ResolveKey;
  readonly now: Date;
}

/** A request that is proven to come from `owner`. */
export interface VerifiedRequest {
  readonly ok: true;
  readonly keyId: string;
  readonly owner: string;
  readonly algorithm: string;
  readonly actor: VerifiedKey["actor"];
}

const statuses: ReadonlyMap<SignatureRefusalCode, SignatureRefusal["status"]> = new Map([
  ["too-many-keys", 429],
  ["key-unreachable", 503],
]);

function refusal(code: SignatureRefusalCode, message: string): SignatureRefusal {
  return { ok: false, status: statuses.get(code) ?? 401, code, message };
}

function assertOurs(request: SignedRequest): void {
  const [ours = "", scheme = ""] = /^(https?:\/\/)[^/?#]*/.exec(request.url) ?? [];
  const isHost = /^[A-Za-z0-9.:[\]-]{1,255}$/.test(request.host);
  const sent = isHost ? originOf(scheme + request.host) : null;
  if (sent === null) throw new SignatureProblem("wrong-host", "the host is ill-formed");
  if (sent !== originOf(ours)) {
    throw new SignatureProblem("wrong-host", "the request was made for another host");
  }
}

/**
 * All checks that need no key and fetch nothing: presence, form, host, coverage, freshness, digest;
 * 401 where one fails, before anything is asked of anybody. RFC 9421 when there is a `Signature-Input`, draft-cavage otherwise.
 */
export function inspectRequest(
  request: SignedRequest,
  now: Date,
): InspectedSignature | SignatureRefusal {
  if (headerValue(request, "signature") === null) {
    return refusal("no-signature", "the request is not signed");
  }
  try {
    assertOurs(request);
    const isRfc9421 = headerValue(request, "signature-input") !== null;
    const inspected = (isRfc9421 ? inspectRfc9421 : inspectCavage)(request, now);
    if (isKnownAlgorithm(inspected.scheme, inspected.algorithm)) return inspected;
    return refusal("algorithm", `the algorithm ${inspected.algorithm} is not supported`);
  } catch (error) {
    if (error instanceof SignatureProblem) return refusal(error.code, error.message);
    throw error;
  }
}

function check(
  inspected: InspectedSignature,
  found: VerifiedKey,
): VerifiedRequest | SignatureRefusal {
  const algorithm = algorithmFor(inspected, found.key);
  if (algorithm === null) return refusal("algorithm", "the algorithm is not that of the key");
  if (!inspected.bases.some((base) => verifyBytes(base, inspected.signature, found.key))) {
    return refusal("bad-signature", "the signature does not verify");
  }
  const { keyId, owner, actor } = found;
  return { ok: true, keyId, owner, algorithm, actor };
}

/**
 * The part of verification that needs the key: who sent the request, or why that is not proven (401
 * for a signature that is wrong, 429 when its host was asked for too many keys, 503 when it cannot be
 * reached). Never throws for anything a sender did. A signature that fails with the key we hold is tried
 * once more with the key fetched anew, since actors change keys without notice.
 */
export async function verifyInspected(
  inspected: InspectedSignature,
  options: VerifyOptions,
): Promise<VerifiedRequest | SignatureRefusal> {
  const { keyId } = inspected;
  const held = await options.resolveKey(keyId);
  if ("unavailable" in held) return refusal(held.unavailable, `${keyId}: no key`);
  const first = check(inspected, held);
  if (first.ok) return first;
  const renewed = await options.resolveKey(keyId, { refresh: true });
  if ("unavailable" in renewed) return refusal(renewed.unavailable, `${keyId}: no key`);
  return renewed.key === held.key ? first : check(inspected, renewed);
}
