import { parseBoundedJson } from "../bounded-json.js";
import { sameOrigin } from "../addresses.js";
import { isJsonObject, type JsonObject } from "../remote-document.js";
import { isAssertionMethod } from "../signatures/key-documents.js";
import { inspectProof, isProofOf, type InspectedProof } from "../signatures/proof.js";
import type { NoKey, ResolveKey, VerifiedKey } from "../signatures/verify.js";
import type { ActivityHead } from "./shape.js";

/**
 * A proof older than this counts for nothing: longer than deliveries are retried, and shorter than
 * entries are kept, so that none is ever acted on twice.
 */
const believedMs = 7 * 24 * 3_600_000;
const skewMs = 3_600_000;

const attestable: ReadonlySet<string> = new Set(["Create", "Update", "Delete"]);
const passing: ReadonlySet<NoKey["unavailable"]> = new Set([
  ...(["key-unreachable", "key-withheld", "key-gone", "too-many-keys"] as const),
]);

/**
 * What a forwarded activity says for itself. `unproven`: no proof that we understand, one that is
 * too old or not dated, or a key that is out of reach: nothing in it is believed, nothing is wrong.
 */
export type Attestation =
  | { readonly kind: "proven"; readonly actor: JsonObject }
  | { readonly kind: "unproven" }
  | { readonly kind: "false" };

const unproven: Attestation = { kind: "unproven" };
const notTrue: Attestation = { kind: "false" };

/** What reading a proof needs. */
export interface AttestedParts {
  readonly resolveKey: ResolveKey;
  readonly now: Date;
}

/**
 * Whether a forwarded activity carries its own actor's integrity proof (FEP-8b32): by a key of the
 * actor's origin that names the actor as its controller and that the actor lists under
 * `assertionMethod` (FEP-521a). Nothing is fetched but that key, after every check that needs none.
 */
export async function attestationOf(
  { resolveKey, now }: AttestedParts,
  head: ActivityHead,
  rawBody: Buffer,
): Promise<Attestation> {
  if (!attestable.has(head.type) || head.object === head.actor) return unproven;
  const document = parseBoundedJson(rawBody)?.value;
  const proof = isJsonObject(document) ? inspectProof(document) : null;
  if (proof === null) return unproven;
  if (!sameOrigin(proof.verificationMethod, head.actor)) return notTrue;
  if (!isFresh(proof, now)) return unproven;
  const held = await check(proof, head.actor, resolveKey);
  // As with requests: actors change keys without notice.
  return held.kind === "false" ? check(proof, head.actor, resolveKey, true) : held;
}

function isFresh({ created }: InspectedProof, now: Date): boolean {
  if (created === null) return false;
  const age = now.getTime() - created.getTime();
  return age <= believedMs && age >= -skewMs;
}

async function check(
  proof: InspectedProof,
  actor: string,
  resolveKey: ResolveKey,
  refresh = false,
): Promise<Attestation> {
  const found = await resolveKey(proof.verificationMethod, { refresh });
  if ("unavailable" in found) return passing.has(found.unavailable) ? unproven : notTrue;
  return isTheirs(found, actor) && isProofOf(proof, found)
    ? { kind: "proven", actor: found.actor }
    : notTrue;
}

function isTheirs({ owner, actor, keyId }: VerifiedKey, claimed: string): boolean {
  return owner === claimed && isAssertionMethod(actor, keyId);
}
