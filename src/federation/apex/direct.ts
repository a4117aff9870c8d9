import { AS_CONTEXT, extraTerms } from "../vocabulary.js";
import type { Normal } from "../port.js";
import { activityStreamsContext } from "./contexts.js";

/** How the terms of our context are typed, as far as the normal form depends on it. */
export interface TermKinds {
  /** Their values are addresses: an object that holds nothing but its id becomes that id. */
  readonly addresses: ReadonlySet<string>;
  /** Their values are maps of languages, kept as they are. */
  readonly languageMaps: ReadonlySet<string>;
}

/** Read the kinds of terms off the contexts, so that no list of ours can fall behind. */
export function termKinds(): TermKinds {
  const terms = { ...activityStreamsContext()["@context"], ...extraTerms };
  const addresses = new Set(["id"]);
  const languageMaps = new Set<string>();
  for (const [term, definition] of Object.entries(terms)) {
    if (typeof definition !== "object" || definition === null) continue;
    const { "@type": type, "@container": container } = definition as Record<string, unknown>;
    if (type === "@id") addresses.add(term);
    if (container === "@language") languageMaps.add(term);
  }
  return { addresses, languageMaps };
}

/**
 * The normal form of a guarded document whose terms are all ours, without JSON-LD: what
 * `fromJSONLD` makes of it, in a hundredth of the time (a property test compares the two).
 */
export function normalise(document: Readonly<Record<string, unknown>>, kinds: TermKinds): Normal {
  const normal: Record<string, unknown> = {};
  for (const [term, value] of Object.entries(document)) {
    if (value === null || value === undefined) continue;
    if (term === "id" || term === "type") normal[term] = only(value);
    else if (term === "civic") normal[term] = value;
    else if (kinds.languageMaps.has(term)) normal[term] = value;
    else normal[term] = listOf(value, kinds, kinds.addresses.has(term));
  }
  return normal;
}

function only(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

function listOf(value: unknown, kinds: TermKinds, address: boolean): unknown[] {
  const values = Array.isArray(value) ? value.flat(Infinity) : [value];
  return values
    .filter((one) => one !== null && one !== undefined)
    .map((one) => {
      if (typeof one === "string" && address) return compacted(one);
      if (typeof one !== "object") return one;
      const inner = normalise(one as Record<string, unknown>, kinds);
      return address && isBareId(inner) ? inner.id : inner;
    });
}

/** An address in the ActivityStreams namespace gets its prefix, as JSON-LD compaction does. */
function compacted(address: string): string {
  const namespace = `${AS_CONTEXT}#`;
  return address.startsWith(namespace) ? `as:${address.slice(namespace.length)}` : address;
}

function isBareId(object: Normal): boolean {
  return typeof object.id === "string" && Object.keys(object).length === 1;
}
