import { createHash, type KeyObject } from "node:crypto";
import { isJsonObject, originOf, type JsonObject } from "../remote-document.js";
import { signBytes, verifyBytes } from "./algorithms.js";
import { canonicalJson } from "./jcs.js";
import { decodeMultibase, encodeMultibase } from "./multikey.js";
import type { ResolveKey, VerifiedKey } from "./verify.js";

const cryptosuite = "eddsa-jcs-2022";

/** Who attests a document, and when. */
export interface ProofSigner {
  /** The id of the Ed25519 Multikey in the actor's `assertionMethod`. */
  readonly verificationMethod: string;
  readonly privateKey: KeyObject;
  readonly created: Date;
}

function hash(value: JsonObject): Buffer {
  return createHash("sha256").update(canonicalJson(value), "utf8").digest();
}

function dataToSign(document: JsonObject, options: JsonObject): Buffer {
  return Buffer.concat([hash(options), hash(document)]);
}

/**
 * The document with an integrity proof (FEP-8b32, cryptosuite eddsa-jcs-2022), which anybody can
 * check without asking us. A proof that is already there is replaced; the document is not changed.
 */
export function withProof(document: JsonObject, signer: ProofSigner): JsonObject {
  const { proof: _replaced, ...bare } = document;
  const options = {
    ...(bare["@context"] === undefined ? {} : { "@context": bare["@context"] }),
    type: "DataIntegrityProof",
    cryptosuite,
    verificationMethod: signer.verificationMethod,
    proofPurpose: "assertionMethod",
    created: signer.created.toISOString().replace(/\.\d+Z$/, "Z"),
  };
  const proofValue = encodeMultibase(signBytes(dataToSign(bare, options), signer.privateKey));
  return { ...bare, proof: { ...options, proofValue } };
}

/** A proof as it was found in a document, with what it was made over. */
export interface InspectedProof {
  readonly verificationMethod: string;
  readonly created: Date | null;
  readonly signature: Buffer;
  readonly data: Buffer;
}

function contextsOf(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.map((one: unknown) => canonicalJson(one));
}

function startsWith(document: unknown, proof: unknown): boolean {
  const own = contextsOf(document);
  return contextsOf(proof).every((context, index) => own[index] === context);
}

function createdOf(value: unknown): Date | null | "ill-formed" {
  if (value === undefined) return null;
  const isMoment = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value);
  const moment = new Date(isMoment ? value : Number.NaN);
  return Number.isNaN(moment.getTime()) ? "ill-formed" : moment;
}

/**
 * Read the one proof of a document, without any key. Null when there is none that we understand:
 * another cryptosuite or purpose, several proofs, a value or time that is ill-formed, or a context
 * of the proof that is not the start of the document's.
 */
export function inspectProof(document: JsonObject): InspectedProof | null {
  const { proof, ...bare } = document;
  if (!isJsonObject(proof)) return null;
  const { proofValue, ...options } = proof;
  const { verificationMethod, type, proofPurpose } = options;
  const isOurs = type === "DataIntegrityProof" && options["cryptosuite"] === cryptosuite;
  if (!isOurs || proofPurpose !== "assertionMethod") return null;
  if (typeof verificationMethod !== "string" || typeof proofValue !== "string") return null;
  const signature = decodeMultibase(proofValue);
  const created = createdOf(options["created"]);
  if (signature?.length !== 64 || created === "ill-formed") return null;
  try {
    if (!startsWith(bare["@context"], options["@context"])) return null;
    const context = options["@context"];
    const signed = context === undefined ? bare : { ...bare, "@context": context };
    return { verificationMethod, created, signature, data: dataToSign(signed, options) };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Whether a proof was made with a key; whose key that is, is the caller's to ask. */
export function isProofOf(
  { data, signature }: InspectedProof,
  { key }: Pick<VerifiedKey, "key">,
): boolean {
  return key.asymmetricKeyType === "ed25519" && verifyBytes(data, signature, key);
}

/** What a proof says: who attests the document, or why it says nothing. */
export type ProofVerdict =
  | { readonly ok: true; readonly owner: string; readonly created: Date | null }
  | { readonly ok: false; readonly code: "no-proof" | "bad-proof" | "key-unavailable" };

/**
 * Verify the integrity proof of a document with the proven key of its verification method. The
 * caller still has to compare `owner` with the document's actor or author.
 */
export async function verifyProof(
  document: JsonObject,
  resolveKey: ResolveKey,
): Promise<ProofVerdict> {
  const inspected = inspectProof(document);
  if (inspected === null || originOf(inspected.verificationMethod) === null) {
    return { ok: false, code: "no-proof" };
  }
  const found = await resolveKey(inspected.verificationMethod);
  if ("unavailable" in found) return { ok: false, code: "key-unavailable" };
  return isProofOf(inspected, found)
    ? { ok: true, owner: found.owner, created: inspected.created }
    : { ok: false, code: "bad-proof" };
}
