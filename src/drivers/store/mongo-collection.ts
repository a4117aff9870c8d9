import type { Collection as MongoCollection, FindCursor } from "mongodb";
import type { Collection, FindOptions, Row } from "./collection.js";
import { boundedCursor, within, type Limit } from "./mongo-calls.js";
import { isRepeatable, pastConflicts } from "./mongo-conflicts.js";
import { checkFilter, checkInserted, checkOptions } from "./operators.js";
import { checkChange } from "./operators-update.js";

/** What holds for a method: what it may be given, and which of its arguments are the options. */
interface Rule {
  check(this: void, ...given: readonly unknown[]): void;
  readonly optionsAt: number;
}

const read: Rule = {
  check(filter = {}, options) {
    checkFilter(filter);
    checkOptions("find", options as object | undefined);
  },
  optionsAt: 1,
};

const change: Rule = {
  check: (filter, update, options) => checkChange(filter, update, options as object | undefined),
  optionsAt: 2,
};

const remove: Rule = { check: (filter) => checkFilter(filter), optionsAt: 1 };

const rules: ReadonlyMap<string | symbol, Rule> = new Map([
  ["find", read],
  ["findOne", read],
  ["countDocuments", read],
  ["updateOne", change],
  ["updateMany", change],
  ["findOneAndUpdate", change],
  ["deleteOne", remove],
  ["deleteMany", remove],
  ["insertOne", { check: (doc) => checkInserted(doc), optionsAt: 1 }],
  [
    "insertMany",
    { check: (docs) => (docs as readonly unknown[]).forEach(checkInserted), optionsAt: 1 },
  ],
]);

type Method = (...given: unknown[]) => unknown;

/**
 * The collection of the client of the moment, at each call, however long somebody has held the method.
 * What the embedded store would refuse throws or rejects before it is sent, so that nothing works here
 * alone; and every call ends within the limit. Both cost microseconds.
 */
export function boundedCollection<T extends Row>(
  collection: () => MongoCollection<T>,
  limit: Limit,
): Collection<T> {
  return new Proxy(collection(), {
    get(first, property) {
      const rule = rules.get(property);
      if (rule === undefined) return Reflect.get(first, property, first) as unknown;
      const call = (given: readonly unknown[], signal: AbortSignal): unknown => {
        const target = collection();
        const method = Reflect.get(target, property, target) as Method;
        return Reflect.apply(method, target, signalled(given, rule.optionsAt, signal));
      };
      if (property === "find") {
        return (...given: unknown[]) => {
          rule.check(...given);
          const { limit: most = 0 } = (given[1] ?? {}) as FindOptions;
          return boundedCursor(limit, most, (signal) => call(given, signal) as FindCursor<T>);
        };
      }
      return async (...given: unknown[]): Promise<unknown> => {
        rule.check(...given);
        return within(limit, (signal) => {
          const once = (): Promise<unknown> => call(given, signal) as Promise<unknown>;
          return isRepeatable(property) ? pastConflicts(once) : once();
        });
      };
    },
  });
}

/** What is given to a method, with the signal among its options. */
function signalled(given: readonly unknown[], at: number, signal: AbortSignal): unknown[] {
  const all = [...given];
  all[at] = { ...(given[at] as object | undefined), signal };
  return all;
}
