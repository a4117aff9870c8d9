import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { encodeEd25519Multikey } from "./multikey.js";

const generate = promisify(generateKeyPair);

/** An actor's RSA pair: the public half is published, the private half goes to the key vault. */
export interface RsaPair {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

/** An actor's Ed25519 pair, its public half as a Multikey. */
export interface Ed25519Pair {
  readonly publicKeyMultibase: string;
  readonly privateKeyPem: string;
}

/** Make an RSA pair of 2,048 bits, off the main thread: the one size that every peer verifies. */
export async function generateRsaPair(): Promise<RsaPair> {
  const { publicKey, privateKey } = await generate("rsa", { modulusLength: 2048 });
  return {
    publicKeyPem: String(publicKey.export({ type: "spki", format: "pem" })),
    privateKeyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

/** Make an Ed25519 pair, for `assertionMethod` (FEP-521a) and object proofs (FEP-8b32). */
export async function generateEd25519Pair(): Promise<Ed25519Pair> {
  const { publicKey, privateKey } = await generate("ed25519");
  return {
    publicKeyMultibase: encodeEd25519Multikey(publicKey),
    privateKeyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}
