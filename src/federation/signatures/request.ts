import { readUrl } from "../../drivers/web-address.js";
import { originOf } from "../addresses.js";

/** A request that somebody sent us, as the verifier needs it. Nothing in it is trusted. */
export interface SignedRequest {
  readonly method: string;
  /** The address it was meant for: origin from our configuration, path and query as received. */
  readonly url: string;
  /** The host it was sent to, as the door determined it (`Host`, or what a trusted proxy says). */
  readonly host: string;
  /** Lower-case names, as `IncomingMessage.headers` has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body before any parsing; empty when there is none. */
  readonly rawBody: Uint8Array;
}

/** Why no key came out of a key id. */
export type KeyProblem =
  | "key-not-found"
  | "key-not-owned"
  | "key-gone"
  | "key-withheld"
  | "key-unreachable"
  | "too-many-keys";

/** A stable reason for refusing a signature. */
export type SignatureRefusalCode =
  | "no-signature"
  | "malformed-signature"
  | "uncovered"
  | "wrong-host"
  | "no-digest"
  | "digest-mismatch"
  | "stale"
  | "algorithm"
  | "bad-signature"
  | KeyProblem;

/** A signature that we do not take, with the HTTP status to answer. */
export interface SignatureRefusal {
  readonly ok: false;
  readonly status: 401 | 429 | 503;
  readonly code: SignatureRefusalCode;
  /** For the log and the sender's developer; holds nothing secret. */
  readonly message: string;
}

/** A signature that is well formed, fresh, covers what it must and fits the body. */
export interface InspectedSignature {
  readonly ok: true;
  readonly scheme: "cavage" | "rfc9421";
  readonly keyId: string;
  /** The algorithm that the sender names, or null; the key's type decides. */
  readonly algorithm: string | null;
  readonly signature: Buffer;
  /** The texts that may have been signed, the most likely first. */
  readonly bases: readonly string[];
}

/** Thrown inside this folder by parsers, and turned into a `SignatureRefusal` at its door. */
export class SignatureProblem extends Error {
  readonly code: SignatureRefusalCode;

  constructor(code: SignatureRefusalCode, message: string) {
    super(message);
    this.name = "SignatureProblem";
    this.code = code;
  }
}

/** One header as a single string (repeated ones joined, RFC 9110, 5.3), or null. */
export function headerValue(request: Pick<SignedRequest, "headers">, name: string): string | null {
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  if (value === undefined) return null;
  return typeof value === "string" ? value.trim() : value.map((one) => one.trim()).join(", ");
}

/** The path and query of an absolute URL exactly as written, never normalised. */
export function pathAndQuery(url: string): string {
  const rest = /^https?:\/\/[^/?#]*([^#]*)/.exec(url)?.[1] ?? "";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** `text` without its query. */
export function withoutQuery(text: string): string {
  const at = text.indexOf("?");
  return at === -1 ? text : text.slice(0, at);
}

/** Whether the request carries something that a digest must protect. */
export function needsDigest(request: SignedRequest): boolean {
  return request.rawBody.length > 0 || !["GET", "HEAD"].includes(request.method.toUpperCase());
}

/**
 * Refuse a key id that is not the address of a document: http(s), bounded, printable, no user.
 * Throws SignatureProblem `malformed-signature`.
 */
export function assertKeyId(keyId: string): void {
  const isAddress = /^https?:\/\/[\x21-\x7e]+$/.test(keyId) && originOf(keyId) !== null;
  if (!isAddress || namesUser(keyId)) {
    throw new SignatureProblem("malformed-signature", "keyId is not the address of a key");
  }
}

function namesUser(address: string): boolean {
  if (!address.includes("@")) return false;
  const url = readUrl(address);
  return url === null || url.username !== "" || url.password !== "";
}

/** Decode base64 strictly; null when the text is anything else, or empty. */
export function decodeBase64(text: string): Buffer | null {
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  return Buffer.from(text, "base64");
}
