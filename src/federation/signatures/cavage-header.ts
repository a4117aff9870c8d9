import { assertKeyId, decodeBase64, SignatureProblem } from "./request.js";

/** A `Signature` header of draft-cavage-http-signatures-12, section 2.1. */
export interface CavageHeader {
  readonly keyId: string;
  /** Lower-case, or null. */
  readonly algorithm: string | null;
  /** The covered headers in order, lower-case, none twice. */
  readonly covered: readonly string[];
  readonly signature: Buffer;
  readonly created: number | null;
  readonly expires: number | null;
}

const longestHeader = 4096;
const mostParameters = 12;
const mostCovered = 32;

function problem(what: string): SignatureProblem {
  return new SignatureProblem("malformed-signature", `Signature: ${what}`);
}

function parseParameters(header: string): Map<string, string> {
  const parameter = /[ \t]*([A-Za-z]{1,32})[ \t]*=[ \t]*(?:"([^"\\]*)"|(\d{1,12}))[ \t]*(,|$)/y;
  const found = new Map<string, string>();
  for (;;) {
    const match = parameter.exec(header);
    if (match === null) throw problem("not a list of parameters");
    const name = (match[1] ?? "").toLowerCase();
    if (found.has(name)) throw problem(`${name} is repeated`);
    if (found.size >= mostParameters) throw problem("too many parameters");
    found.set(name, match[2] ?? match[3] ?? "");
    if (match[4] === "") return found;
  }
}

function parseSeconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,12}$/.test(text)) throw problem("a time is not a whole number of seconds");
  return Number(text);
}

function parseCovered(text: string | undefined): readonly string[] {
  // Absent means `(created)` in the draft: never enough for us, so it need not be told apart.
  const covered = (text ?? "(created)").toLowerCase().trim().split(/ +/);
  const isList = covered.every((name) => /^(?:\([a-z-]+\)|[a-z0-9!#$%&'*+.^_`|~-]+)$/.test(name));
  if (!isList || covered.length > mostCovered) throw problem("headers is not a list of names");
  if (new Set(covered).size !== covered.length) throw problem("a covered header is repeated");
  return covered;
}

/**
 * Read a `Signature` header. Spaces around commas are fine; a repeated parameter, an escape or
 * anything unbounded is not. Throws SignatureProblem `malformed-signature`.
 */
export function parseCavageHeader(header: string): CavageHeader {
  if (header.length > longestHeader) throw problem("too long");
  const parameters = parseParameters(header);
  const keyId = parameters.get("keyid") ?? "";
  assertKeyId(keyId);
  const signature = decodeBase64(parameters.get("signature") ?? "");
  if (signature === null) throw problem("signature is not base64");
  return {
    keyId,
    algorithm: parameters.get("algorithm")?.toLowerCase() ?? null,
    covered: parseCovered(parameters.get("headers")),
    signature,
    created: parseSeconds(parameters.get("created")),
    expires: parseSeconds(parameters.get("expires")),
  };
}
