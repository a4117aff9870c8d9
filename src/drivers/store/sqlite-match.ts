import { Context } from "mingo/core";
import { $and, $nor, $not, $or } from "mingo/operators/query/logical";
import { Query } from "mingo/query";
import type { Options } from "mingo/types";
import type { Document } from "./collection.js";
import { valuesAndElementsAt, valuesAt } from "./field-values.js";
import { compareValues, encodeValue, typeByte } from "./key-encoding.js";
import { beginningOf } from "./operators.js";
import { copyOf, isDocument, type Value } from "./values.js";

/** Says whether one document matches. */
export type Match = (doc: Document) => boolean;

type Test = (value: Value) => boolean;
type Operator = (path: string, operand: Value, options: Options) => Match;

/** An operator that holds when one of the values at the path, or of their elements, passes. */
function some(test: (operand: Value) => Test): Operator {
  return (path, operand, _options) => {
    const passes = test(operand);
    return (doc) => valuesAndElementsAt(doc, path).some(passes);
  };
}

function negated(operator: Operator): Operator {
  return (path, operand, options) => {
    const match = operator(path, operand, options);
    return (doc) => !match(doc);
  };
}

function equalTo(operand: Value): Test {
  const wanted = operand ?? null;
  if (typeof wanted === "string" || typeof wanted === "boolean") return (value) => value === wanted;
  if (wanted === null) return (value) => value === null || value === undefined;
  const [type, bytes] = [typeByte(wanted), encodeValue(wanted)];
  return (value) => typeByte(value) === type && encodeValue(value).equals(bytes);
}

function among(operand: Value): Test {
  const tests = (operand as Value[]).map(equalTo);
  return (value) => tests.some((test) => test(value));
}

/** Compares within one type only; NaN is beside all other numbers; null is also what is missing. */
function ordered(holds: (order: number) => boolean): (operand: Value) => Test {
  return (operand) => {
    const type = typeByte(operand);
    const nan = Number.isNaN(operand);
    return (value) =>
      typeByte(value) === type &&
      Number.isNaN(value) === nan &&
      holds(compareValues(value, operand));
  };
}

const isIn = some(among);
const isEqual = some(equalTo);

const hasAll: Operator = (path, operand, options) => {
  const each = (operand as Value[]).map((wanted) => isEqual(path, wanted, options));
  return (doc) => each.length > 0 && each.every((match) => match(doc));
};

const exists: Operator = (path, operand, _options) => {
  return (doc) => valuesAt(doc, path).some((value) => value !== undefined) === operand;
};

const hasSize: Operator = (path, operand, _options) => {
  return (doc) => valuesAt(doc, path).some((v) => Array.isArray(v) && v.length === operand);
};

const hasElement: Operator = (path, operand, options) => {
  const query = new Query<Document>(operand as Document, options);
  const passes: Test = (item) => isDocument(item) && query.test(item);
  return (doc) => valuesAt(doc, path).some((v) => Array.isArray(v) && (v as Value[]).some(passes));
};

/** mingo makes a pattern of it. */
function beginningWith(operand: Value): Test {
  const beginning = beginningOf(operand instanceof RegExp ? operand.source : operand) ?? "";
  return (value) => typeof value === "string" && value.startsWith(beginning);
}

/**
 * mingo reads and joins the clauses. The comparisons are ours, on the bytes that the indexes are
 * made of, since mingo's own order strings by UTF-16, take `{a, b}` and `{b, a}` for equal, skip
 * what is missing inside lists, and trust a document's `constructor`.
 */
const context = Context.init({
  query: {
    $all: hasAll,
    $and,
    $elemMatch: hasElement,
    $eq: isEqual,
    $exists: exists,
    $gt: some(ordered((order) => order > 0)),
    $gte: some(ordered((order) => order >= 0)),
    $in: isIn,
    $lt: some(ordered((order) => order < 0)),
    $lte: some(ordered((order) => order <= 0)),
    $ne: negated(isEqual),
    $nin: negated(isIn),
    $nor,
    $not,
    $or,
    $regex: some(beginningWith),
    $size: hasSize,
  },
});

/** The filter as a function. It must have passed `checkFilter`. */
export function matcher(filter: Document): Match {
  if (Object.keys(filter).length === 0) return () => true;
  const query = new Query<Document>(copyOf(filter) as Document, { context });
  return (doc) => query.test(doc);
}
