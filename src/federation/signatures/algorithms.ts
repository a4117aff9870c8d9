import { sign, verify, type KeyObject } from "node:crypto";
import type { InspectedSignature } from "./request.js";

const claims: Record<InspectedSignature["scheme"], Record<"rsa" | "ed25519", readonly string[]>> = {
  // Most software says `hs2019` and means what the key's type suggests.
  cavage: { rsa: ["rsa-sha256", "hs2019"], ed25519: ["hs2019", "ed25519"] },
  rfc9421: { rsa: ["rsa-v1_5-sha256"], ed25519: ["ed25519"] },
};

function kindOf(key: KeyObject): "rsa" | "ed25519" | null {
  const type = key.asymmetricKeyType;
  return type === "rsa" || type === "ed25519" ? type : null;
}

/** Whether we know the algorithm that a sender names; not naming one is fine. */
export function isKnownAlgorithm(scheme: InspectedSignature["scheme"], name: string | null) {
  return name === null || Object.values(claims[scheme]).some((names) => names.includes(name));
}

/**
 * Whether a public key is of a kind and size that we verify with: RSA of 2,048 to 8,192 bits with a
 * small exponent (a huge one is a way to burn our processor), or Ed25519.
 */
export function isUsableKey(key: KeyObject): boolean {
  if (key.type !== "public") return false;
  if (kindOf(key) === "ed25519") return true;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSound = modulusLength >= 2048 && modulusLength <= 8192 && publicExponent <= 0xffffffffn;
  return kindOf(key) === "rsa" && isSound;
}

/** Sign with RSASSA-PKCS1-v1_5 over SHA-256, or with Ed25519, as the key's type decides. */
export function signBytes(base: string | Uint8Array, privateKey: KeyObject): Buffer {
  const data = typeof base === "string" ? Buffer.from(base, "latin1") : base;
  return sign(kindOf(privateKey) === "ed25519" ? null : "sha256", data, privateKey);
}

/** The same on another thread, so that whoever waits for a page need not wait for signatures. */
export function signBytesAside(base: string | Uint8Array, privateKey: KeyObject): Promise<Buffer> {
  const data = typeof base === "string" ? Buffer.from(base, "latin1") : base;
  const algorithm = kindOf(privateKey) === "ed25519" ? null : "sha256";
  return new Promise((resolve, reject) => {
    sign(algorithm, data, privateKey, (error, signature) =>
      error === null ? resolve(signature) : reject(error),
    );
  });
}

/** Whether `signature` is that of `base`; the key's type decides the algorithm. */
export function verifyBytes(
  base: string | Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
): boolean {
  const data = typeof base === "string" ? Buffer.from(base, "latin1") : base;
  return verify(kindOf(key) === "ed25519" ? null : "sha256", data, key, signature);
}

/** The name of the algorithm that a key verifies with, or null when the claim does not fit it. */
export function algorithmFor(inspected: InspectedSignature, key: KeyObject): string | null {
  const kind = kindOf(key);
  if (kind === null) return null;
  const fits =
    inspected.algorithm === null || claims[inspected.scheme][kind].includes(inspected.algorithm);
  if (!fits) return null;
  return kind === "rsa" ? "rsa-v1_5-sha256" : "ed25519";
}
