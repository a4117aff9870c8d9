import type { Collection as MongoCollection, FindCursor } from "mongodb";
import type { Collection, FindOptions, Row } from "./collection.js";
import { boundedCursor, within, type Limit } from "./mongo-calls.js";
import { insertPastConflicts, isRepeatable, pastConflicts } from "./mongo-conflicts.js";
import { checkFilter, checkInserted, checkOptions } from "./operators.js";
import { checkChange } from "./operators-update.js";

/** What holds for a method. */
interface Rule {
  /** Refuses what it may not be given. */
  check(this: void, ...given: readonly unknown[]): void;
  /** Which of its arguments are the options. */
  readonly optionsAt: number;
  readonly writes: boolean;
}

const read: Rule = {
  check(filter = {}, options) {
    checkFilter(filter);
    checkOptions("find", options as object | undefined);
  },
  optionsAt: 1,
  writes: false,
};

const change: Rule = {
  check: (filter, update, options) => checkChange(filter, update, options as object | undefined),
  optionsAt: 2,
  writes: true,
};

const remove: Rule = { check: (filter) => checkFilter(filter), optionsAt: 1, writes: true };

const insert: Rule = { check: (doc) => checkInserted(doc), optionsAt: 1, writes: true };

const insertAll: Rule = {
  check: (docs) => (docs as readonly unknown[]).forEach(checkInserted),
  optionsAt: 1,
  writes: true,
};

const rules: ReadonlyMap<string | symbol, Rule> = new Map([
  ["find", read],
  ["findOne", read],
  ["countDocuments", read],
  ["updateOne", change],
  ["updateMany", change],
  ["findOneAndUpdate", change],
  ["deleteOne", remove],
  ["deleteMany", remove],
  ["insertOne", insert],
  ["insertMany", insertAll],
]);

type Method = (...given: unknown[]) => unknown;

/**
 * The collection of the client of the moment, at each call, however long somebody has held the method.
 * What the embedded store would refuse throws or rejects before it is sent, so that nothing works here
 * alone; and every call ends within the limit. Both cost microseconds.
 * @param wrote called when a write was answered or failed, before whoever asked for it hears of that
 */
export function boundedCollection<T extends Row>(
  collection: () => MongoCollection<T>,
  limit: Limit,
  wrote: () => void,
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
        try {
          return await within(limit, (signal) =>
            pastLost(property, given, (all) => call(all, signal) as Promise<unknown>),
          );
        } finally {
          if (rule.writes) wrote();
        }
      };
    },
  });
}

type Send = (given: readonly unknown[]) => Promise<unknown>;

/** Calls a method, and again where it lost against others and may be repeated. */
function pastLost(
  method: string | symbol,
  given: readonly unknown[],
  send: Send,
): Promise<unknown> {
  if (isOfEachRow(method, given)) {
    const [docs, ...rest] = given;
    return insertPastConflicts(docs as readonly Row[], (some) => send([some, ...rest]));
  }
  return isRepeatable(method) ? pastConflicts(() => send(given)) : send(given);
}

/** Whether many rows are inserted, each of them whatever becomes of the others. */
function isOfEachRow(method: string | symbol, [, options]: readonly unknown[]): boolean {
  return (
    method === "insertMany" && (options as { ordered?: boolean } | undefined)?.ordered === false
  );
}

/** What is given to a method, with the signal among its options. */
function signalled(given: readonly unknown[], at: number, signal: AbortSignal): unknown[] {
  const all = [...given];
  all[at] = { ...(given[at] as object | undefined), signal };
  return all;
}
