import type { GuardedDocument } from "../port.js";
import { parseBoundedJson } from "../bounded-json.js";
import { AS_CONTEXT, extraTerms, SECURITY_CONTEXT } from "../vocabulary.js";

/** The bounds of a document from outside; how long its texts are is bounded by its bytes. */
export const guardLimits = { depth: 16, nodes: 5_000, list: 1_000 } as const;

/** A document that is refused before anything is done with it; the sender is told 400. */
export class HostileDocument extends Error {
  override readonly name = "HostileDocument";
}

const smuggling: ReadonlySet<string> = new Set(["@graph", "@included", "@reverse"]);

/** Contexts whose terms we read under the same names as their senders write them. */
const knownContexts: ReadonlySet<string> = new Set([
  AS_CONTEXT,
  SECURITY_CONTEXT,
  "https://w3id.org/identity/v1",
  "https://w3id.org/security/data-integrity/v1",
  "https://w3id.org/security/data-integrity/v2",
  "https://w3id.org/security/multikey/v1",
  "https://www.w3.org/ns/did/v1",
  "https://purl.archive.org/socialweb/webfinger",
  "https://join-lemmy.org/context.json",
]);

/**
 * Read a document that came from outside, bounded in depth, size and number. Keys that begin with
 * `_`, `$` or `@`, or that hold `:` or `.`, are left out everywhere (requirement 9), and with them
 * the sender's `@context`: ours takes its place, so that no sender can rename a term.
 * @throws HostileDocument for what is no JSON object, too big, or uses `@graph` and its kin.
 */
export function guard(bytes: Uint8Array | string): GuardedDocument {
  const parsed = parseBoundedJson(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  if (parsed === null) throw new HostileDocument("the document is no JSON, or too big a one");
  return guardValue(parsed.value);
}

/** The same for a document that is parsed already. */
export function guardValue(value: unknown): GuardedDocument {
  if (!isObject(value)) throw new HostileDocument("the document is no object");
  const budget = { nodes: guardLimits.nodes };
  const body = cleaned(value, 0, budget) as Record<string, unknown>;
  return { body, knownContext: isKnown(value["@context"]) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cleaned(value: unknown, depth: number, budget: { nodes: number }): unknown {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw new HostileDocument("the document has too many parts");
  if (depth > guardLimits.depth) throw new HostileDocument("the document is too deep");
  if (Array.isArray(value)) {
    if (value.length > guardLimits.list) throw new HostileDocument("a list is too long");
    return value.map((one) => cleaned(one, depth + 1, budget));
  }
  if (!isObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (smuggling.has(key)) throw new HostileDocument("the document hides another graph");
    if (isSafeKey(key)) kept[key] = cleaned(inner, depth + 1, budget);
  }
  return kept;
}

/** Requirement 9: what may name a property of a document from outside. */
export function isSafeKey(key: string): boolean {
  return /^[^_$@:.][^:.]*$/.test(key) && key.length <= 200;
}

function isKnown(context: unknown): boolean {
  if (context === undefined) return true;
  const entries = Array.isArray(context) ? context : [context];
  return entries.length <= 30 && entries.every(isKnownEntry);
}

/** A context by name that we know, or one inline that gives none of our terms another meaning. */
function isKnownEntry(entry: unknown): boolean {
  if (typeof entry === "string") {
    return (
      knownContexts.has(entry) || /^https:\/\/[^/]+\/schemas\/litepub-0\.1\.jsonld$/.test(entry)
    );
  }
  if (!isObject(entry)) return false;
  const own: Readonly<Record<string, unknown>> = extraTerms;
  return Object.entries(entry).every(([term, meaning]) => {
    if (term === "@language") return true;
    if (term.startsWith("@")) return false;
    return !Object.hasOwn(own, term) || idOf(own[term]) === idOf(meaning);
  });
}

function idOf(meaning: unknown): unknown {
  return isObject(meaning) ? meaning["@id"] : meaning;
}
