import { signBytes, signBytesAside } from "./algorithms.js";
import type { RequestToSign, Signer, Unsigned } from "./cavage.js";
import { assertDigests, contentDigestHeader } from "./digest.js";
import { assertFresh, assertNotExpired } from "./freshness.js";
import {
  assertKeyId,
  headerValue,
  needsDigest,
  pathAndQuery,
  SignatureProblem,
  withoutQuery,
  type InspectedSignature,
  type SignedRequest,
} from "./request.js";
import { parseDictionary, serializeInnerList, type Member } from "./structured-fields.js";

type InnerList = Extract<Member, { kind: "list" }>;

function problem(what: string): SignatureProblem {
  return new SignatureProblem("malformed-signature", what);
}

/**
 * Sign a request by RFC 9421, over `@method`, `@target-uri` and, with a body, `content-digest`
 * (RFC 9530). Returns the headers to add: `content-digest`, `signature-input`, `signature`.
 */
export function signRfc9421(request: RequestToSign, signer: Signer): Record<string, string> {
  const { base, finish } = unsignedRfc9421(request, signer);
  return finish(signBytes(base, signer.privateKey));
}

/** The same, signed by `signBytesAside`. */
export async function signRfc9421Aside(
  request: RequestToSign,
  signer: Signer,
): Promise<Record<string, string>> {
  const { base, finish } = unsignedRfc9421(request, signer);
  return finish(await signBytesAside(base, signer.privateKey));
}

function unsignedRfc9421(request: RequestToSign, signer: Signer): Unsigned {
  const created = Math.floor((request.date ?? new Date()).getTime() / 1000);
  const contentDigest =
    request.body === undefined ? null : contentDigestHeader(request.body, request.digest);
  const isRsa = signer.privateKey.asymmetricKeyType === "rsa";
  const components = ["@method", "@target-uri"];
  if (contentDigest !== null) components.push("content-digest");
  const list: InnerList = {
    kind: "list",
    items: components.map((value) => ({ value, parameters: new Map() })),
    parameters: new Map<string, string | number>([
      ["created", created],
      ["keyid", signer.keyId],
      ["alg", isRsa ? "rsa-v1_5-sha256" : "ed25519"],
    ]),
  };
  const unsigned = {
    method: request.method,
    url: request.url,
    host: new URL(request.url).host,
    headers: contentDigest === null ? {} : { "content-digest": contentDigest },
  };
  return {
    base: signatureBase(unsigned, list, request.url),
    finish: (signature) => ({
      ...unsigned.headers,
      "signature-input": `sig1=${serializeInnerList(list)}`,
      signature: `sig1=:${signature.toString("base64")}:`,
    }),
  };
}

function componentValue(
  request: Omit<SignedRequest, "rawBody">,
  name: string,
  target: string,
): string | null {
  switch (name) {
    case "@method":
      return request.method.toUpperCase();
    case "@target-uri":
      return target;
    case "@authority":
      return new URL(target).host;
    case "@scheme":
      return new URL(target).protocol.slice(0, -1);
    case "@request-target":
      return pathAndQuery(target);
    case "@path":
      return withoutQuery(pathAndQuery(target));
    case "@query":
      return target.includes("?") ? target.slice(target.indexOf("?")) : "?";
    case "host":
      return request.host;
    default:
      return name.startsWith("@") ? null : headerValue(request, name);
  }
}

/**
 * The text that a signature is made over (RFC 9421, 2.5), with `target` as the address. Throws
 * SignatureProblem for a component that is unknown, absent, repeated or has parameters.
 */
export function signatureBase(
  request: Omit<SignedRequest, "rawBody">,
  list: InnerList,
  target: string,
): string {
  const seen = new Set<string>();
  const lines = list.items.map(({ value: name, parameters }) => {
    if (seen.has(name) || parameters.size > 0 || name !== name.toLowerCase()) {
      throw problem(`the component ${name} is repeated or not plain`);
    }
    seen.add(name);
    const value = componentValue(request, name, target);
    if (value === null) throw new SignatureProblem("uncovered", `${name} is covered but not sent`);
    return `"${name}": ${value}`;
  });
  return [...lines, `"@signature-params": ${serializeInnerList(list)}`].join("\n");
}

/** A signature and what it says of itself, once its two headers are read. */
export interface Rfc9421Header {
  readonly list: InnerList;
  readonly keyId: string;
  readonly algorithm: string | null;
  readonly created: number;
  readonly expires: number | null;
  readonly signature: Buffer;
}

function onlyEntry(header: string, name: string): readonly [string, Member] {
  const [entry, ...others] = parseDictionary(header);
  if (entry === undefined || others.length > 0) throw problem(`${name} must hold one signature`);
  return entry;
}

/** Read `Signature-Input` and `Signature`: one signature, with `created` and `keyid`. */
export function parseRfc9421(input: string, signature: string): Rfc9421Header {
  const [label, list] = onlyEntry(input, "Signature-Input");
  const [signatureLabel, item] = onlyEntry(signature, "Signature");
  if (list.kind !== "list" || label !== signatureLabel) throw problem("the labels do not agree");
  if (item.kind !== "item" || !Buffer.isBuffer(item.value) || item.value.length === 0) {
    throw problem("Signature is not a byte sequence");
  }
  const { parameters } = list;
  const keyId = parameters.get("keyid");
  const created = parameters.get("created");
  const expires = parameters.get("expires") ?? null;
  const algorithm = parameters.get("alg") ?? null;
  if (typeof keyId !== "string" || typeof created !== "number") {
    throw problem("created and keyid are required");
  }
  if (expires !== null && typeof expires !== "number") throw problem("expires is not a number");
  if (algorithm !== null && typeof algorithm !== "string") throw problem("alg is not a string");
  return { list, keyId, algorithm, created, expires, signature: item.value };
}

function assertCovered(request: SignedRequest, list: InnerList): void {
  const covered = new Set(list.items.map((item) => item.value));
  const required = ["@method", "@target-uri", ...(needsDigest(request) ? ["content-digest"] : [])];
  const missing = required.find((name) => !covered.has(name));
  if (missing !== undefined) throw new SignatureProblem("uncovered", `${missing} is not covered`);
}

/**
 * Everything about an RFC 9421 signature that needs no key: form, coverage, freshness, digest.
 * Throws SignatureProblem. The address comes from `request.url`, never from the `Host` header.
 */
export function inspectRfc9421(request: SignedRequest, now: Date): InspectedSignature {
  const header = parseRfc9421(
    headerValue(request, "signature-input") ?? "",
    headerValue(request, "signature") ?? "",
  );
  assertKeyId(header.keyId);
  assertCovered(request, header.list);
  assertFresh(header.created * 1000, now);
  assertNotExpired(header.expires, now);
  assertDigests(request, "content-digest");
  const base = (target: string) => signatureBase(request, header.list, target);
  const { url } = request;
  return {
    ok: true,
    scheme: "rfc9421",
    keyId: header.keyId,
    algorithm: header.algorithm,
    signature: header.signature,
    bases: url.includes("?") ? [base(url), base(withoutQuery(url))] : [base(url)],
  };
}
