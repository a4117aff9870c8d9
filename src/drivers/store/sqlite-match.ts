import { Context } from "mingo/core";
import { $all, $elemMatch, $size } from "mingo/operators/query/array";
import { $eq, $in, $ne, $nin } from "mingo/operators/query/comparison";
import { $exists } from "mingo/operators/query/element";
import { $and, $nor, $not, $or } from "mingo/operators/query/logical";
import { Query } from "mingo/query";
import type { Options } from "mingo/types";
import { resolve } from "mingo/util";
import type { Document } from "./collection.js";
import { compareValues, typeByte } from "./key-encoding.js";
import { copyOf, type Value } from "./values.js";

/** Says whether one document matches. */
export type Match = (doc: Document) => boolean;

type Ordering = (order: number) => boolean;

/**
 * mingo's own range operators order strings by UTF-16 and never match null; MongoDB orders them by
 * UTF-8, compares only within one type, and lets `$gte: null` match what is missing.
 */
function ordered(holds: Ordering) {
  return (selector: string, bound: Value, _options: Options): Match => {
    const type = typeByte(bound);
    const isNaNBound = typeof bound === "number" && Number.isNaN(bound);
    const within = (value: Value): boolean => {
      if (typeByte(value) !== type) return false;
      if (typeof value === "number" && Number.isNaN(value) !== isNaNBound) return false;
      return holds(compareValues(value, bound));
    };
    return (doc) => {
      const found: Value = resolve(doc, selector, { unwrapArray: true });
      return Array.isArray(found) ? found.some(within) || within(found) : within(found);
    };
  };
}

const context = Context.init({
  query: {
    $all,
    $and,
    $elemMatch,
    $eq,
    $exists,
    $gt: ordered((order) => order > 0),
    $gte: ordered((order) => order >= 0),
    $in,
    $lt: ordered((order) => order < 0),
    $lte: ordered((order) => order <= 0),
    $ne,
    $nin,
    $nor,
    $not,
    $or,
    $size,
  },
});

/** The filter as a function. It must have passed `checkFilter`. */
export function matcher(filter: Document): Match {
  const keys = Object.keys(filter);
  if (keys.length === 0) return () => true;
  const query = new Query<Document>(copyOf(filter) as Document, { context });
  return (doc) => query.test(doc);
}
