import type { Row, Store } from "../../../src/drivers/store/collection.js";
import type { Ctx } from "../../../src/kit/index.js";

/** Counts what is written, and lets everything through. */
export function countingWrites(count: { writes: number; calls: number }): (store: Store) => Store {
  const writing = new Set(["insertOne", "insertMany", "updateOne", "updateMany"]);
  return (store) => ({
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      return new Proxy(inner, {
        get(target, property, receiver) {
          const member: unknown = Reflect.get(target, property, receiver);
          if (typeof member !== "function") return member;
          return (...given: unknown[]) => {
            count.calls += 1;
            if (writing.has(String(property)) || String(property).startsWith("findOneAnd")) {
              count.writes += 1;
            }
            return (member as (...all: unknown[]) => unknown).apply(target, given);
          };
        },
      });
    },
    ensureIndexes: (...asked) => store.ensureIndexes(...asked),
    collectionNames: () => store.collectionNames(),
    check: () => store.check(),
    bytes: () => store.bytes(),
    close: () => store.close(),
  });
}

/** The same context, whose every call to the store is counted: what nobody else asks meanwhile is not. */
export function countingCalls(ctx: Ctx, count: { calls: number }): Ctx {
  return {
    ...ctx,
    collection: (def) =>
      new Proxy(ctx.collection(def), {
        get(target, property, receiver) {
          const member: unknown = Reflect.get(target, property, receiver);
          if (typeof member !== "function") return member;
          return (...given: unknown[]) => {
            count.calls += 1;
            return (member as (...all: unknown[]) => unknown).apply(target, given);
          };
        },
      }),
  };
}
