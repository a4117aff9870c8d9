import type { CollectionInfo, IndexInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import { analyse, type Analysis } from "./constraints.js";
import { encodeField } from "./key-encoding.js";
import { impliesPartial } from "./plan-partial.js";
import {
  boundsOf,
  prefixInterval,
  rangeInterval,
  repeats,
  type FieldBounds,
  type Interval,
} from "./plan-bounds.js";
import { sortServed } from "./plan-sort.js";

/** Intervals of one index, read in one direction. */
export interface IndexScan {
  readonly index: IndexInfo;
  readonly intervals: readonly Interval[];
  readonly backwards: boolean;
  /** The first index field that the order is made of; scans are merged from there. */
  readonly start: number;
  /** Each interval is a whole key of a unique index: it holds one document at most. */
  readonly single: boolean;
}

/** How a query is answered. */
export interface Plan {
  /** Null when every document must be read. */
  readonly scans: readonly IndexScan[] | null;
  /** The documents come in the order asked for. */
  readonly sorted: boolean;
  /** The intervals hold exactly what matches: each document once, and nothing else. */
  readonly exact: boolean;
  /** A document may come more than once. */
  readonly repeats: boolean;
  /** Some index narrows the filter (or there is nothing to narrow). */
  readonly served: boolean;
  readonly score: number;
}

/** The sort that a query asks for; empty when it asks for none. */
export type Sort = Readonly<Record<string, 1 | -1>>;

const MAX_INTERVALS = 2000;

/** Chooses the index, or the indexes of an `$or`, that answer a checked filter and sort best. */
export function plan(info: CollectionInfo, filter: Document, sort: Sort): Plan {
  const analysis = analyse(filter);
  const sortless = Object.keys(sort).length === 0;
  let best: Plan = {
    scans: null,
    sorted: sortless,
    exact: Object.keys(filter).length === 0,
    repeats: false,
    served: Object.keys(filter).length === 0,
    score: 0,
  };
  for (const index of info.indexes) {
    const candidate = planIndex(index, filter, analysis, sort);
    if (candidate && candidate.score > best.score) best = candidate;
  }
  for (const branches of analysis.unions) {
    const candidate = planUnion(info, filter, branches, sort, best);
    if (candidate && candidate.score > best.score) best = candidate;
  }
  return best;
}

function planIndex(
  index: IndexInfo,
  filter: Document,
  analysis: Analysis,
  sort: Sort,
): Plan | null {
  if (index.partial && !impliesPartial(index.partial, analysis)) return null;
  const bounds = usableBounds(index, analysis);
  const order = sortServed(index, bounds, sort);
  const pointFields = bounds.filter((b) => b.points !== null);
  const range = bounds.find((b) => b.points === null);
  const sortless = Object.keys(sort).length === 0;
  if (bounds.length === 0 && (order === null || sortless)) return null;
  const intervals = intervalsOf(index, bounds, order?.start ?? 0);
  if (intervals === null) return null;
  const answered = bounds.reduce((sum, b) => sum + b.answered, 0);
  const asked = [...analysis.byPath.values()].reduce((sum, list) => sum + list.length, 0);
  const single = index.unique && pointFields.length === index.fields.length;
  const narrows = pointFields.length > 0 || (range !== undefined && !asksForPoints(analysis));
  const [backwards, start] = [order?.backwards ?? false, order?.start ?? 0];
  return {
    scans: [{ index, intervals, backwards, start, single }],
    sorted: sortless || order !== null,
    exact: analysis.others === 0 && answered === asked && !repeats(index),
    repeats: repeats(index),
    served: narrows || Object.keys(filter).length === 0,
    score: scoreOf(index, pointFields, range !== undefined, !sortless && order !== null),
  };
}

/** Whether somebody wants certain values: of the rows in a range alone, any may be other ones. */
function asksForPoints({ byPath }: Analysis): boolean {
  return [...byPath.values()].some((all) => all.some(({ points }) => points !== null));
}

function scoreOf(
  index: IndexInfo,
  points: readonly FieldBounds[],
  range: boolean,
  sorts: boolean,
): number {
  const single = points.every((b) => b.points?.length === 1);
  if (index.unique && points.length === index.fields.length) return single ? 1000 : 500;
  const perField = points.reduce((sum, b) => sum + (b.points?.length === 1 ? 10 : 9), 0);
  const narrow = index.partial ? 0.5 : 0;
  return perField + (range ? 6 : 0) + (sorts ? 7 : 0) + narrow - index.fields.length / 100;
}

/**
 * Bounds for the leading fields: points as long as there are any, then at most one range. Two
 * fields that lead through arrays are never bounded together: the elements that satisfy them may
 * differ, while an index key joins fields of one element.
 */
function usableBounds(index: IndexInfo, analysis: Analysis): FieldBounds[] {
  const bounds: FieldBounds[] = [];
  let throughArray = false;
  for (const [position, field] of index.fields.entries()) {
    const constraints = analysis.byPath.get(field.path);
    const multikey = (index.multikey & (1 << position)) !== 0;
    if (!constraints || (multikey && throughArray)) break;
    const found = boundsOf(constraints, multikey);
    if (!found) break;
    bounds.push(found);
    if (found.points === null) break;
    throughArray ||= multikey;
  }
  return bounds;
}

function intervalsOf(
  index: IndexInfo,
  bounds: readonly FieldBounds[],
  sortStart: number,
): Interval[] | null {
  let prefixes: { bytes: Buffer; offset: number }[] = [{ bytes: Buffer.alloc(0), offset: 0 }];
  for (const [position, field] of bounds.entries()) {
    const direction = index.fields[position]?.direction ?? 1;
    if (field.points === null) {
      return prefixes.map(({ bytes, offset }) =>
        rangeInterval(bytes, field, direction, position < sortStart ? bytes.length : offset),
      );
    }
    const encoded = field.points.map((point) => encodeField(point, direction));
    if (prefixes.length * encoded.length > MAX_INTERVALS) return null;
    prefixes = prefixes.flatMap(({ bytes, offset }) =>
      encoded.map((tail) => ({
        bytes: Buffer.concat([bytes, tail]),
        offset: position < sortStart ? bytes.length + tail.length : offset,
      })),
    );
  }
  return prefixes.map(({ bytes, offset }) => prefixInterval(bytes, offset));
}

function planUnion(
  info: CollectionInfo,
  filter: Document,
  branches: readonly Document[],
  sort: Sort,
  base: Plan,
): Plan | null {
  if (base.score >= 1000) return null;
  const rest = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== branches));
  if (Object.keys(rest).length === Object.keys(filter).length) return null;
  const plans = branches.map((branch) => plan(info, { $and: [rest, branch] }, sort));
  const scans: IndexScan[] = [];
  for (const branch of plans) {
    if (!branch.served || branch.scans === null) return null;
    scans.push(...branch.scans);
  }
  const first = scans[0];
  const alike = scans.every(
    (scan) =>
      scan.index === first?.index &&
      scan.backwards === first.backwards &&
      scan.start === first.start,
  );
  const sorted = Object.keys(sort).length === 0 || (alike && plans.every((p) => p.sorted));
  const lowest = Math.min(...plans.map((p) => p.score));
  return {
    scans,
    sorted,
    exact: false,
    repeats: true,
    served: true,
    score: sorted || !base.sorted ? lowest : Math.min(lowest, base.score),
  };
}
