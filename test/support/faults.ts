import type { Collection, Row, Store } from "../../src/drivers/store/collection.js";

/** What a store throws that stands for a process dying at that moment. */
export class Died extends Error {
  override readonly name = "Died";
}

type Method = Exclude<keyof Collection<Row>, "collectionName" | "find">;

/** A place in a store where the process can be made to die. */
export interface Fault {
  /** Put the fault between a city and its store (`storeThrough`). */
  through(this: void, store: Store): Store;
  /** Die on the `nth` call from now, counted from 1: before the write happens, or right after it. */
  arm(nth: number, when?: "before" | "after"): void;
  /** How often the process has died. */
  readonly deaths: number;
}

/** A collection, of whichever driver, of which some members are others; the rest is asked for at each use. */
export function changed<T extends Row>(
  inner: Collection<T>,
  members: Partial<Collection<T>>,
): Collection<T> {
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A store in which every call of one method of one collection goes through `around`. */
export function intercepting(
  [collection, method]: readonly [string, Method],
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): (store: Store) => Store {
  const guard = <T extends Row>(inner: Collection<T>): Collection<T> => {
    const calls = inner as unknown as Readonly<
      Record<Method, (...all: unknown[]) => Promise<unknown>>
    >;
    return changed(inner, {
      [method]: (...args: unknown[]) => around(() => calls[method](...args)),
    } as Partial<Collection<T>>);
  };
  return (store) => ({
    collection: <T extends Row>(name: string) =>
      name === collection ? guard(store.collection<T>(name)) : store.collection<T>(name),
    ensureIndexes: (...asked) => store.ensureIndexes(...asked),
    collectionNames: () => store.collectionNames(),
    check: () => store.check(),
    bytes: () => store.bytes(),
    changes: store.changes,
    close: () => store.close(),
  });
}

/** A store whose `method` on `collection` fails once when told to; everything else passes. */
export function failing(collection: string, method: Method): Fault {
  const state = { left: 0, when: "before" as "before" | "after", deaths: 0 };
  const through = intercepting([collection, method], async (call) => {
    const dies = state.left > 0 && --state.left === 0;
    if (dies && state.when === "before") throw died(state);
    const result = await call();
    if (dies) throw died(state);
    return result;
  });
  return {
    through,
    arm(nth, when = "before") {
      Object.assign(state, { left: nth, when });
    },
    get deaths() {
      return state.deaths;
    },
  };
}

/** A place in a store where something else is done first, or next. */
export interface Between {
  through(this: void, store: Store): Store;
  /** Do this at the next call, which waits for it. */
  once(act: () => Promise<void>): void;
  /** How often something was done. */
  readonly happened: number;
}

/**
 * A store in which something can happen between what was looked at and a `method` on `collection`, or between
 * that and what is looked at next.
 */
export function between(
  collection: string,
  method: Method,
  when: "before" | "after" = "before",
): Between {
  const state: { act: (() => Promise<void>) | null; happened: number } = {
    ...{ act: null, happened: 0 },
  };
  const through = intercepting([collection, method], async (call) => {
    const { act } = state;
    state.act = null;
    if (act === null) return call();
    const result = when === "after" ? await call() : null;
    await act();
    state.happened += 1;
    return when === "after" ? result : call();
  });
  return {
    through,
    once: (act) => void (state.act = act),
    get happened() {
      return state.happened;
    },
  };
}

function died(state: { deaths: number }): Died {
  state.deaths += 1;
  return new Died("the process died here");
}
