import { createPublicKey, type KeyObject } from "node:crypto";
import { isJsonObject, originOf, type JsonObject } from "../remote-document.js";
import { isUsableKey } from "./algorithms.js";
import { decodeEd25519Multikey } from "./multikey.js";

const longestPem = 4096;
const mostKeys = 32;

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.slice(0, mostKeys);
  return value === undefined || value === null ? [] : [value];
}

function entriesOf(actor: JsonObject): readonly unknown[] {
  return [...listOf(actor["publicKey"]), ...listOf(actor["assertionMethod"])];
}

/** Whether a document is a key by itself and not an actor that holds keys. */
export function isKeyDocument(document: JsonObject): boolean {
  return "publicKeyPem" in document || "publicKeyMultibase" in document;
}

/** The actor that a key says it belongs to: `controller` of a Multikey, `owner` of the older kind. */
export function ownerOf(key: JsonObject): string | null {
  const owners = [key["owner"], key["controller"]].filter((one) => one !== undefined);
  const [owner] = owners;
  if (typeof owner !== "string" || owners.some((one) => one !== owner)) return null;
  return originOf(owner) === null ? null : owner;
}

/** Whether an actor lists a key id as one that it attests documents with (FEP-521a). */
export function isAssertionMethod(actor: JsonObject, keyId: string): boolean {
  return listOf(actor["assertionMethod"]).some(
    (entry) => (isJsonObject(entry) ? entry["id"] : entry) === keyId,
  );
}

/** The key in a key object, when it is one that we verify with. */
export function keyMaterial(key: JsonObject): KeyObject | null {
  const { publicKeyPem: pem, publicKeyMultibase: multibase } = key;
  if (typeof multibase === "string") return decodeEd25519Multikey(multibase);
  if (typeof pem !== "string" || pem.length > longestPem) return null;
  // The label matters: from a private key or a certificate Node would derive a public one.
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return null;
  try {
    const found = createPublicKey(pem);
    return isUsableKey(found) ? found : null;
  } catch {
    return null;
  }
}

/** How an actor lists a key id: with the key beside it, by its address alone, or not at all. */
export type Listing =
  | { readonly kind: "embedded"; readonly key: JsonObject }
  | { readonly kind: "named" }
  | { readonly kind: "none" };

/**
 * Find the exact key id in an actor document. An embedded key counts only when its owner is the
 * actor itself; an id listed twice with different contents counts for nothing.
 */
export function listingOf(actor: JsonObject, keyId: string): Listing {
  const entries = entriesOf(actor);
  const embedded = entries.filter(isJsonObject).filter((entry) => entry["id"] === keyId);
  const [first] = embedded;
  if (first !== undefined) {
    const isSole = embedded.every((entry) => JSON.stringify(entry) === JSON.stringify(first));
    return isSole && ownerOf(first) === actor["id"]
      ? { kind: "embedded", key: first }
      : { kind: "none" };
  }
  return entries.includes(keyId) ? { kind: "named" } : { kind: "none" };
}
