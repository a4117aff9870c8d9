import type { Document } from "./collection.js";
import { isDocument, type Value } from "./values.js";

const JOINING = new Set(["$and", "$or", "$nor"]);
const COMPARING = new Set(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]);
const LISTING = new Set(["$in", "$nin", "$all"]);

/** What both drivers throw for a query or an update outside the language they share. */
export function refuse(reason: string): never {
  throw new TypeError(`the store refuses this: ${reason}`);
}

/**
 * Refuses a filter that uses more than the shared language: `$and $or $nor`, and on a field
 * `$eq $ne $gt $gte $lt $lte $in $nin $all $exists $size $not $elemMatch`, and `$regex` for nothing but
 * how a text begins. `$elemMatch` is for lists of objects: on the list of an index, operators on its
 * elements themselves bring a server with DocumentDB down. An `undefined` value is refused too: MongoDB's
 * driver would leave it out, and the filter would match everything.
 */
export function checkFilter(filter: Value): asserts filter is Document {
  if (!isDocument(filter)) refuse("a filter must be an object");
  for (const [key, condition] of Object.entries(filter)) {
    if (JOINING.has(key)) checkJoined(key, condition);
    else {
      checkPath(key);
      checkCondition(key, condition);
    }
  }
}

function checkJoined(operator: string, branches: Value): void {
  if (!Array.isArray(branches) || branches.length === 0) {
    refuse(`${operator} needs a list of at least one filter`);
  }
  for (const branch of branches) checkFilter(branch);
}

/** Refuses paths with `$` (positional operators), empty parts, or `__proto__`. */
export function checkPath(path: string): void {
  if (path.startsWith("$")) refuse(`the operator ${path} is not supported here`);
  for (const part of path.split(".")) {
    if (part === "" || part.startsWith("$") || part === "__proto__") {
      refuse(`the path "${path}" is not supported`);
    }
  }
}

/** Whether the value is an object of operators and not a value to compare with. */
export function hasOperators(value: Value): value is Document {
  return isDocument(value) && Object.keys(value).some((key) => key.startsWith("$"));
}

/** Refuses what cannot be compared with on both drivers: undefined, patterns, functions, bigints. */
export function checkValue(path: string, value: Value): void {
  if (value === undefined) refuse(`the value of "${path}" is undefined`);
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    refuse(`a ${typeof value} as the value of "${path}"`);
  }
  if (value instanceof RegExp) refuse(`a regular expression on "${path}"`);
  if (Array.isArray(value)) for (const item of value) checkValue(path, item);
}

/** Refuses a condition on one field when it uses an operator that is not shared. */
export function checkCondition(path: string, condition: Value): void {
  if (!hasOperators(condition)) return checkValue(path, condition);
  for (const [operator, operand] of Object.entries(condition)) {
    if (COMPARING.has(operator)) checkValue(path, operand);
    else if (LISTING.has(operator)) checkList(path, operator, operand);
    else checkStructural(path, operator, operand);
  }
}

function checkList(path: string, operator: string, operand: Value): void {
  if (!Array.isArray(operand)) refuse(`${operator} on "${path}" needs a list`);
  for (const item of operand) {
    if (hasOperators(item)) refuse(`operators inside ${operator} on "${path}"`);
    checkValue(path, item);
  }
}

function checkStructural(path: string, operator: string, operand: Value): void {
  switch (operator) {
    case "$exists":
      if (typeof operand !== "boolean") refuse(`$exists on "${path}" needs true or false`);
      return;
    case "$size":
      if (!Number.isInteger(operand)) refuse(`$size on "${path}" needs a whole number`);
      return;
    case "$not":
      if (!hasOperators(operand)) refuse(`$not on "${path}" needs operators`);
      return checkCondition(path, operand);
    case "$elemMatch":
      return checkElement(path, operand);
    case "$regex":
      if (beginningOf(operand) === null) refuse(`$regex on "${path}" takes "^" and a plain text`);
      return;
    default:
      refuse(`the operator ${operator} on "${path}" is not supported`);
  }
}

function checkElement(path: string, operand: Value): void {
  if (!isDocument(operand)) refuse(`$elemMatch on "${path}" needs an object`);
  const joins = Object.keys(operand).some((key) => JOINING.has(key));
  if (hasOperators(operand) && !joins) refuse(`$elemMatch on "${path}" needs fields`);
  checkFilter(operand);
}

/** The text that a pattern such as `^tree` asks to begin with; null when it asks for anything else. */
export function beginningOf(pattern: Value): string | null {
  if (typeof pattern !== "string") return null;
  return /^\^([^$\\.*+?()[\]{}|/\n^]+)$/u.exec(pattern)?.[1] ?? null;
}

const FIND_OPTIONS = new Set(["sort", "skip", "limit", "projection", "batchSize"]);
const CHANGE_OPTIONS = new Set(["upsert", "sort", "projection", "returnDocument"]);

/** Refuses options that the embedded store has no equal for (collations, hints, sessions …). */
export function checkOptions(kind: "find" | "change", options: object | undefined): void {
  const known = kind === "find" ? FIND_OPTIONS : CHANGE_OPTIONS;
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value !== undefined && !known.has(name)) refuse(`the option ${name} is not supported`);
  }
  const { sort, projection } = (options ?? {}) as { sort?: Value; projection?: Value };
  if (sort !== undefined) checkSort(sort);
  if (projection !== undefined) checkProjection(projection);
}

function checkSort(sort: Value): void {
  if (!isDocument(sort) || sort instanceof Map) refuse("a sort must be an object");
  for (const [path, direction] of Object.entries(sort)) {
    checkPath(path);
    if (direction !== 1 && direction !== -1) refuse(`the sort of "${path}" must be 1 or -1`);
  }
}

function checkProjection(projection: Value): void {
  if (!isDocument(projection)) refuse("a projection must be an object");
  const kinds = new Set<boolean>();
  for (const [path, shown] of Object.entries(projection)) {
    checkPath(path);
    if (shown !== 0 && shown !== 1 && typeof shown !== "boolean") {
      refuse(`the projection of "${path}" must be 0 or 1`);
    }
    if (path !== "_id") kinds.add(Boolean(shown));
  }
  if (kinds.size > 1) refuse("a projection either shows or hides fields, not both");
}

/** Refuses documents without an `_id` of ours. */
export function checkInserted(doc: Value): asserts doc is Document {
  if (!isDocument(doc)) refuse("a document must be an object");
  if (typeof doc["_id"] !== "string") refuse("a document must have a string _id");
}
