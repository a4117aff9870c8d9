import { LRUCache } from "lru-cache";
import type { Document } from "./collection.js";
import type { Sort } from "./sqlite-plan.js";
import type { Stored } from "./sqlite-scan.js";
import { copyOf, toText } from "./values.js";

/** What is asked of a collection; the same question has the same answer until a row changes. */
export interface Question {
  readonly collection: string;
  readonly filter: Document;
  readonly sort: Sort;
  readonly skip: number;
  readonly limit: number;
  readonly projection: Document | undefined;
}

/**
 * Answers kept in memory until a row of their collection is written, by this process (`forget`) or
 * another (`version`). Nothing that is handed out is shared with what is kept.
 */
export interface Answers {
  rows(question: Question, version: number, read: () => Iterable<Stored>): Iterable<Stored>;
  count(question: Question, version: number, read: () => number): number;
  /** To be called in the transaction that writes a row of the collection. */
  forget(collection: string): void;
  /** How often that was called for the collection. */
  changesOf(collection: string): number;
}

interface Kept {
  readonly version: number;
  readonly change: number;
  readonly rows: readonly Stored[];
  readonly count: number;
}

/** Lists longer than this are read anew each time. */
const LONGEST = 250;
const MAX_KEPT = 2000;
/** In UTF-16 units of stored text. */
const MAX_SIZE = 6_000_000;
const LARGEST = 400_000;

/** Nothing is remembered yet. */
export function openAnswers(): Answers {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT, maxSize: MAX_SIZE });
  const changes = new Map<string, number>();

  function answer(
    key: string,
    { collection }: Question,
    version: number,
    read: () => Pick<Kept, "rows" | "count"> & { readonly size: number },
  ): Pick<Kept, "rows" | "count"> {
    const change = changes.get(collection) ?? 0;
    const known = kept.get(key);
    if (known?.version === version && known.change === change) return known;
    const { size, ...found } = read();
    if (size > LARGEST) kept.delete(key);
    else kept.set(key, { ...found, version, change }, { size: size + key.length });
    return found;
  }

  return {
    rows(question, version, read) {
      if (question.limit === 0 || question.limit > LONGEST) return read();
      const { rows } = answer(keyOf("rows", question), question, version, () => {
        const all = [...read()];
        const size = all.reduce((sum, { text }) => sum + text.length, 1);
        return { size, count: 0, rows: all.map(({ rid, doc }) => ({ rid, doc, text: "" })) };
      });
      return copies(rows);
    },
    count(question, version, read) {
      const of = (): { size: number; rows: []; count: number } => {
        return { size: 1, rows: [], count: read() };
      };
      return answer(keyOf("count", question), question, version, of).count;
    },
    changesOf: (collection) => changes.get(collection) ?? 0,
    forget: (collection) => void changes.set(collection, (changes.get(collection) ?? 0) + 1),
  };
}

function* copies(rows: readonly Stored[]): Generator<Stored> {
  for (const row of rows) yield { ...row, doc: copyOf(row.doc) as Document };
}

function keyOf(kind: string, { collection, filter, sort, skip, limit, projection }: Question) {
  const order = JSON.stringify([sort, skip, limit, projection]);
  return `${kind}/${collection}/${order}/${toText(filter)}`;
}
