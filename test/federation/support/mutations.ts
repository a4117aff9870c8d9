import fc from "fast-check";

/** Addresses that a hostile value may name. */
export interface Pool {
  /** Of the town: actors, notes, activities, pages. */
  readonly ours: readonly string[];
  /** Of the sender's own server, there or not. */
  readonly theirs: readonly string[];
  /** Of servers that answer with anything, or not at all. */
  readonly strange: readonly string[];
}

/** One change to a document, told by numbers, so that it can be told again. */
export interface Edit {
  /** Which of the document's places, counted round. */
  readonly at: number;
  readonly what: "replace" | "remove" | "list" | "nest" | "twin" | "add" | "swap";
  readonly key: string;
  readonly value: (pool: Pool) => unknown;
}

const keys = [
  ...["__proto__", "constructor", "prototype", "toString", "toJSON", "then", "length", "valueOf"],
  ...["@graph", "@id", "@type", "@value", "_meta", "$where", "a.b", "a:b", "", "\u0000", "é"],
  ...["id", "type", "actor", "object", "target", "attributedTo", "inReplyTo", "to", "cc", "tag"],
  ...["content", "contentMap", "name", "summary", "url", "published", "updated", "replies"],
  ...["first", "next", "items", "orderedItems", "endpoints", "civic", "proof", "location"],
];

const texts = [
  ...["", " ", "x", "null", "\u0000", "\ud800", "👩‍👩‍👧‍👦", "\u202eevil", "é".repeat(300), "{{7*7}}"],
  ...["<script>alert(1)</script>", "<p>".repeat(200), "<a href='javascript:x'>", "&#0;&#xD800;"],
  ...["2026-99-99T00:00:00Z", "-000001-01-01", "9999999999999", "Note", "Follow", "Tombstone"],
  ...["http://", "https://[::1]/", "javascript:1", "//x", "as:Public", "mailto:a@b.c", "urn:x"],
  ...["https://a.example/\u0000", "https://us@them.example/", "HTTPS://A.EXAMPLE/", "/inbox"],
];

const numbers = [0, -1, 1, 1.5, 1e308, -1e308, 2 ** 53, -(2 ** 63), 1e-320, 4_294_967_296];

function nested(depth: number, leaf: unknown): unknown {
  return depth === 0
    ? leaf
    : depth % 2 === 0
      ? [nested(depth - 1, leaf)]
      : { a: nested(depth - 1, leaf) };
}

const constants: ReadonlyArray<() => unknown> = [
  ...[null, true, false, [], {}, [[]], [null], [{}], { id: null }, { id: 5, type: 5 }].map(
    (value) => () => value,
  ),
  () => nested(12, "x"),
  () => Array.from({ length: 400 }, (_, at) => at),
  () => "x".repeat(60_000),
  () => JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}') as unknown,
  () => ({ type: "Collection", items: Array.from({ length: 50 }, () => "https://a.example/1") }),
  () => JSON.parse('{"toString":1,"valueOf":1,"then":1,"toJSON":1}') as unknown,
];

function pick(list: readonly string[], at: number): string {
  return list[at % list.length] ?? "";
}

const values: fc.Arbitrary<Edit["value"]> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...constants) },
  { weight: 3, arbitrary: fc.constantFrom(...texts).map((text) => () => text) },
  { weight: 2, arbitrary: fc.constantFrom(...numbers).map((number) => () => number) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.nat(0xffff), { maxLength: 40 })
      .map((codes) => () => String.fromCharCode(...codes)),
  },
  {
    weight: 3,
    arbitrary: fc.nat(1_000).map(
      (at) =>
        ({ ours }: Pool) =>
          pick(ours, at),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(1_000).map(
      (at) =>
        ({ theirs }: Pool) =>
          pick(theirs, at),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(1_000).map(
      (at) =>
        ({ strange }: Pool) =>
          pick(strange, at),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(1_000).map((at) => ({ ours, theirs }: Pool) => ({
      ...{ id: pick(theirs, at), type: "Note", inReplyTo: pick(ours, at) },
      ...{ attributedTo: pick(theirs, at + 1), to: "as:Public", content: "<p>x</p>" },
    })),
  },
);

/** A change of any kind to any place. */
export const edits: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  what: fc.constantFrom<Edit["what"]>(
    ...([
      "replace",
      "replace",
      "replace",
      "remove",
      "list",
      "nest",
      "twin",
      "add",
      "swap",
    ] as const),
  ),
  key: fc.constantFrom(...keys),
  value: values,
});

type Holder = Record<string, unknown>;
interface Spot {
  readonly holder: Holder;
  readonly key: string;
}

function spotsOf(value: unknown, found: Spot[] = []): Spot[] {
  if (typeof value !== "object" || value === null || found.length > 300) return found;
  const holder = value as Holder;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    spotsOf(holder[key], found);
  }
  return found;
}

// Assigning to __proto__ would change the prototype instead of making a member.
function put(holder: Holder, key: string, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else {
    Object.defineProperty(holder, key, {
      ...{ value, enumerable: true, configurable: true, writable: true },
    });
  }
}

function applied(document: Holder, edit: Edit, pool: Pool): void {
  const spots = spotsOf(document);
  const spot = spots[edit.at % spots.length];
  if (spot === undefined) return;
  const { holder, key } = spot;
  const value = structuredClone(edit.value(pool));
  switch (edit.what) {
    case "replace":
      return void (holder[key] = value);
    case "remove":
      return void (Array.isArray(holder) ? holder.pop() : delete holder[key]);
    case "list":
      return void (holder[key] = [holder[key], value]);
    case "nest":
      return void (holder[key] = { id: holder[key], type: "Note", object: value });
    case "twin":
      return void (holder[key] = [holder[key], structuredClone(holder[key])]);
    case "add":
      return put(holder, edit.key, value);
    case "swap": {
      const other = spots[(edit.at * 7 + 3) % spots.length];
      if (other === undefined) return;
      const kept = structuredClone(other.holder[other.key]);
      other.holder[other.key] = structuredClone(holder[key]);
      holder[key] = kept;
    }
  }
}

/** The document with every change made to a copy of it. */
export function mutated(
  document: Readonly<Record<string, unknown>>,
  changes: readonly Edit[],
  pool: Pool,
): Record<string, unknown> {
  const copy = structuredClone(document) as Holder;
  for (const change of changes) applied(copy, change, pool);
  return copy;
}
