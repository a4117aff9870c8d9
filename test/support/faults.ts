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

/** A store whose `method` on `collection` fails once when told to; everything else passes. */
export function failing(collection: string, method: Method): Fault {
  const state = { left: 0, when: "before" as "before" | "after", deaths: 0 };
  const guard = <T extends Row>(inner: Collection<T>): Collection<T> => {
    const call = inner[method].bind(inner) as (...args: unknown[]) => Promise<unknown>;
    const faulty = async (...args: unknown[]): Promise<unknown> => {
      const dies = state.left > 0 && --state.left === 0;
      if (dies && state.when === "before") throw died(state);
      const result = await call(...args);
      if (dies) throw died(state);
      return result;
    };
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === method) return faulty;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  };
  return {
    through: (store) => ({
      collection: <T extends Row>(name: string) =>
        name === collection ? guard(store.collection<T>(name)) : store.collection<T>(name),
      ensureIndexes: (name, indexes) => store.ensureIndexes(name, indexes),
      collectionNames: () => store.collectionNames(),
      check: () => store.check(),
      close: () => store.close(),
    }),
    arm(nth, when = "before") {
      Object.assign(state, { left: nth, when });
    },
    get deaths() {
      return state.deaths;
    },
  };
}

function died(state: { deaths: number }): Died {
  state.deaths += 1;
  return new Died("the process died here");
}
