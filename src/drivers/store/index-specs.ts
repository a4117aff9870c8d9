import type { IndexSpec } from "./collection.js";
import { checkFilter, refuse } from "./operators.js";
import { isDocument, toText, type Value } from "./values.js";

const PARTIAL = new Set(["$and", "$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$in"]);
const MAX_FIELDS = 30;

/** Refuses index declarations that one of the drivers could not honour. */
export function checkIndexes(indexes: readonly IndexSpec[]): void {
  const names = new Set<string>();
  for (const spec of indexes) {
    const paths = Object.keys(spec.keys);
    const name = indexName(spec);
    if (names.has(name)) refuse(`the index ${name} is declared twice`);
    names.add(name);
    if (paths.length === 0 || paths.length > MAX_FIELDS) refuse("an index has 1 to 30 fields");
    if (spec.partialFilterExpression) checkPartial(spec.partialFilterExpression);
    if (spec.expireAfterSeconds !== undefined && paths.length !== 1) {
      refuse("an index with expireAfterSeconds has one field");
    }
  }
}

function checkPartial(filter: Value): void {
  checkFilter(filter);
  const operators = operatorsIn(filter);
  const unknown = operators.find((operator) => !PARTIAL.has(operator));
  if (unknown) refuse(`${unknown} in a partialFilterExpression`);
}

function operatorsIn(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(operatorsIn);
  if (!isDocument(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key.startsWith("$") ? [key] : []),
    ...(key === "$exists" && inner !== true ? ["$exists: false"] : []),
    ...operatorsIn(inner),
  ]);
}

/** MongoDB's default name of an index: `a_1_b_-1`. */
export function indexName(spec: IndexSpec): string {
  const name = Object.entries(spec.keys)
    .map(([path, direction]) => `${path}_${direction}`)
    .join("_");
  return name === "_id_1" ? "_id_" : name;
}

/** Whether two declarations mean the same index. */
export function sameIndex(a: IndexSpec, b: IndexSpec): boolean {
  return summary(a) === summary(b);
}

/** Those of some indexes that are not declared, or are declared otherwise. */
export function surplusOf<I extends { readonly name: string; readonly spec: IndexSpec }>(
  present: readonly I[],
  declared: readonly IndexSpec[],
): I[] {
  const specs = wantedOf(declared);
  return present.filter(({ name, spec }) => {
    const wanted = specs.get(name);
    return name !== "_id_" && (wanted === undefined || !sameIndex(wanted, spec));
  });
}

/** The declared indexes by their names, but for that of `_id`, which is always there. */
export function wantedOf(declared: readonly IndexSpec[]): Map<string, IndexSpec> {
  const wanted = new Map(declared.map((spec) => [indexName(spec), spec]));
  wanted.delete("_id_");
  return wanted;
}

function summary(spec: IndexSpec): string {
  return toText({
    keys: Object.entries(spec.keys),
    unique: spec.unique === true,
    partial: spec.partialFilterExpression ?? null,
    expires: spec.expireAfterSeconds ?? null,
  });
}
