import type { Document } from "./collection.js";
import {
  checkCondition,
  checkFilter,
  checkOptions,
  checkPath,
  checkValue,
  hasOperators,
  refuse,
} from "./operators.js";
import { isDocument, type Value } from "./values.js";

type Check = (path: string, operand: Value) => void;

const UPDATES: Readonly<Record<string, Check>> = {
  $set: () => undefined,
  $setOnInsert: () => undefined,
  $unset: () => undefined,
  $min: checkValue,
  $max: checkValue,
  $inc: (path, operand) => {
    if (typeof operand !== "number") refuse(`$inc of "${path}" needs a number`);
  },
  $push: (path, operand) => checkAdded(path, operand, "$push", ["$each", "$slice", "$sort"]),
  $addToSet: (path, operand) => checkAdded(path, operand, "$addToSet", ["$each"]),
  $pull: (path, operand) => {
    if (isDocument(operand) && !hasOperators(operand)) checkFilter(operand);
    else checkCondition(path, operand);
  },
};

/**
 * Refuses an update that uses more than the shared language: `$set $unset $inc $min $max $push`
 * (with `$each $slice $sort`) `$addToSet` (with `$each`) `$pull $setOnInsert`, on dotted paths
 * without positional operators. Whole-document replacement and pipelines are refused; so are two
 * changes of one path, and any change of `_id`.
 */
export function checkUpdate(update: Value): asserts update is Document {
  if (!isDocument(update)) refuse("an update must be an object of operators");
  const operators = Object.keys(update);
  if (operators.length === 0) refuse("an update must change something");
  const paths: string[] = [];
  for (const operator of operators) {
    const check = Object.hasOwn(UPDATES, operator) ? UPDATES[operator] : undefined;
    if (!check) refuse(`the update operator ${operator} is not supported`);
    const changes: Value = update[operator];
    if (!isDocument(changes)) refuse(`${operator} needs an object of fields`);
    for (const [path, operand] of Object.entries(changes)) {
      checkPath(path);
      if (operator !== "$setOnInsert" && (path === "_id" || path.startsWith("_id."))) {
        refuse("the _id of a document never changes");
      }
      check(path, operand);
      paths.push(path);
    }
  }
  checkConflicts(paths);
}

function checkConflicts(paths: readonly string[]): void {
  if (paths.length < 2) return;
  const sorted = paths.map((path) => `${path}.`).sort();
  sorted.forEach((path, i) => {
    if (i > 0 && path.startsWith(sorted[i - 1] as string)) {
      refuse(`two changes of the path "${path.slice(0, -1)}"`);
    }
  });
}

function checkAdded(path: string, operand: Value, name: string, known: readonly string[]): void {
  checkValue(path, operand);
  if (!isDocument(operand)) return;
  const modifiers = Object.keys(operand).filter((key) => key.startsWith("$"));
  if (modifiers.length === 0) return;
  const { $each, $slice, $sort } = operand as { $each?: Value; $slice?: Value; $sort?: Value };
  if (modifiers.some((key) => !known.includes(key)) || !Array.isArray($each)) {
    refuse(`${name} on "${path}" takes a value, or ${known.join(" ")}`);
  }
  for (const item of $each) checkValue(path, item);
  if ($slice !== undefined && !Number.isInteger($slice)) refuse(`$slice on "${path}"`);
  const sorts = isDocument($sort) ? Object.values($sort) : $sort === undefined ? [] : [$sort];
  if (sorts.some((direction) => direction !== 1 && direction !== -1)) refuse(`$sort on "${path}"`);
}

/**
 * Refuses an upsert that would leave the choice of `_id` to the store, and every update outside the
 * shared language; see `checkUpdate`.
 */
export function checkChange(filter: Value, update: Value, options: object | undefined): void {
  checkFilter(filter);
  checkUpdate(update);
  checkOptions("change", options);
  if ((options as { upsert?: boolean } | undefined)?.upsert !== true) return;
  const chosen = ((update as Document)["$setOnInsert"] as Document | undefined)?.["_id"];
  const id: Value = chosen ?? idIn(filter);
  if (typeof id !== "string") refuse("an upsert must say the _id, in the filter or $setOnInsert");
}

function idIn(filter: Document): Value {
  const condition: Value = filter["_id"];
  return hasOperators(condition) ? (condition["$eq"] as Value) : condition;
}
