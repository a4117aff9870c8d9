import { createPublicKey, type KeyObject } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const longestText = 256;
const ed25519Prefix = Buffer.from([0xed, 0x01]);
// SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4), up to the 32 bytes of the key.
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** Bytes as base58btc multibase: `z` and the digits (as Multikeys and proofs are written). */
export function encodeMultibase(bytes: Uint8Array): string {
  let number = BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = (alphabet[Number(number % 58n)] ?? "") + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return `z${"1".repeat(zeros === -1 ? bytes.length : zeros)}${digits}`;
}

/** The bytes of base58btc multibase text, or null when it is something else or too long. */
export function decodeMultibase(text: string): Buffer | null {
  if (text.length > longestText || !/^z[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return null;
  let number = 0n;
  for (const digit of text.slice(1)) number = number * 58n + BigInt(alphabet.indexOf(digit));
  const zeros = /^1*/.exec(text.slice(1))?.[0].length ?? 0;
  const hex = number === 0n ? "" : number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.alloc(zeros), bytes]);
}

/** An Ed25519 public key as `publicKeyMultibase` (FEP-521a). */
export function encodeEd25519Multikey(key: KeyObject): string {
  const spki = key.export({ type: "spki", format: "der" });
  return encodeMultibase(Buffer.concat([ed25519Prefix, spki.subarray(spkiPrefix.length)]));
}

/** The Ed25519 public key of a `publicKeyMultibase`, or null when it holds anything else. */
export function decodeEd25519Multikey(text: string): KeyObject | null {
  const bytes = decodeMultibase(text);
  if (bytes === null || bytes.length !== 34 || !bytes.subarray(0, 2).equals(ed25519Prefix)) {
    return null;
  }
  const der = Buffer.concat([spkiPrefix, bytes.subarray(2)]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
