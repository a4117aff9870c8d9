import type { Document } from "./collection.js";
import { beginningOf } from "./operators.js";
import { isDocument, type Value } from "./values.js";

/** One end of a range. */
export interface Edge {
  readonly value: Value;
  readonly inclusive: boolean;
}

/** What one predicate of a filter says about one path, as far as an index can answer it. */
export interface Constraint {
  /** The values it may have; null when it is a range. */
  readonly points: readonly Value[] | null;
  readonly low: Edge | null;
  readonly high: Edge | null;
}

/** A filter taken apart: what indexes can answer, by path, and what only a match can tell. */
export interface Analysis {
  readonly byPath: ReadonlyMap<string, readonly Constraint[]>;
  /** Paths that are required to exist, by `$exists: true` or `$ne: null`. */
  readonly present: ReadonlySet<string>;
  /** The alternatives of each `$or`. */
  readonly unions: readonly (readonly Document[])[];
  /** How many predicates are not in `byPath`. */
  readonly others: number;
}

interface Draft {
  readonly byPath: Map<string, Constraint[]>;
  readonly present: Set<string>;
  readonly unions: (readonly Document[])[];
  others: number;
}

/** Takes a filter apart for the planner. */
export function analyse(filter: Document): Analysis {
  const draft: Draft = { byPath: new Map(), present: new Set(), unions: [], others: 0 };
  addFilter(draft, "", filter);
  return draft;
}

function addFilter(draft: Draft, prefix: string, filter: Document): void {
  for (const [key, condition] of Object.entries(filter) as [string, Value][]) {
    if (key === "$and") {
      for (const branch of condition as Document[]) addFilter(draft, prefix, branch);
    } else if (key.startsWith("$")) {
      draft.others += 1;
      if (key === "$or" && prefix === "") draft.unions.push(condition as Document[]);
    } else addCondition(draft, prefix + key, condition);
  }
}

function addCondition(draft: Draft, path: string, condition: Value): void {
  const operators =
    isDocument(condition) && Object.keys(condition).some((key) => key.startsWith("$"));
  if (!operators) return addPoints(draft, path, [condition]);
  for (const [operator, operand] of Object.entries(condition) as [string, Value][]) {
    addOperator(draft, path, operator, operand);
  }
}

function addOperator(draft: Draft, path: string, operator: string, operand: Value): void {
  switch (operator) {
    case "$eq":
      return addPoints(draft, path, [operand]);
    case "$in":
      return addPoints(draft, path, operand as Value[]);
    case "$gt":
    case "$gte":
      return addRange(draft, path, { value: operand, inclusive: operator === "$gte" }, null);
    case "$lt":
    case "$lte":
      return addRange(draft, path, null, { value: operand, inclusive: operator === "$lte" });
    case "$elemMatch":
      draft.others += 1;
      return addFilter(draft, `${path}.`, operand as Document);
    case "$regex":
      return addBeginning(draft, path, beginningOf(operand) ?? "");
    case "$all":
      return addAll(draft, path, operand as Value[]);
    default:
      draft.others += 1;
      if (operator === "$exists" && operand === true) draft.present.add(path);
      if (operator === "$ne" && operand === null) draft.present.add(path);
      if (operator === "$exists" && operand === false) addPoints(draft, path, [null]);
  }
}

function addAll(draft: Draft, path: string, wanted: readonly Value[]): void {
  draft.others += 1;
  for (const value of wanted) addPoints(draft, path, [value]);
}

/** Whatever begins so lies between the text itself and the last text that does. */
function addBeginning(draft: Draft, path: string, text: string): void {
  draft.others += 1;
  const low = { value: text, inclusive: true };
  add(draft, path, { points: null, low, high: { value: `${text}\u{10ffff}`, inclusive: true } });
}

/** Documents and arrays are compared more loosely by a match than by key bytes. */
function isScalar(value: Value): boolean {
  return !isDocument(value) && !Array.isArray(value);
}

function addPoints(draft: Draft, path: string, points: readonly Value[]): void {
  if (points.every(isScalar)) add(draft, path, { points, low: null, high: null });
  else draft.others += 1;
}

function addRange(draft: Draft, path: string, low: Edge | null, high: Edge | null): void {
  const usable = [low, high].every(
    (end) =>
      end === null || (end.value !== null && isScalar(end.value) && !Number.isNaN(end.value)),
  );
  if (usable) add(draft, path, { points: null, low, high });
  else draft.others += 1;
}

function add(draft: Draft, path: string, constraint: Constraint): void {
  const known = draft.byPath.get(path);
  if (known) known.push(constraint);
  else draft.byPath.set(path, [constraint]);
}
