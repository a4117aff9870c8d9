import type { Collection, Row, Store } from "../../../src/drivers/store/collection.js";
import { Died } from "../../support/faults.js";

/**
 * A store of a process that can be killed, and started again, at any of its writes. The queue's own
 * tables live on: what becomes of a job whose process is killed is tested where the queue is.
 */
export interface Mortal {
  through(this: void, store: Store): Store;
  /** Die right after the `nth` write from now, counted from 1: nothing is read or written from then on. */
  arm(nth: number): void;
  /** Start again: what is stored is all there is. */
  revive(): void;
  readonly isDead: boolean;
}

const reading: ReadonlySet<PropertyKey> = new Set(["find", "findOne", "countDocuments"]);

/** Make one. */
export function aMortal(): Mortal {
  const state = { left: 0, dead: false };
  const gone = (): Promise<never> => Promise.reject(new Died("the process was killed"));
  const deadCursor = {
    toArray: gone,
    close: () => Promise.resolve(),
    [Symbol.asyncIterator]: () => ({ next: gone }),
  };
  const written = async (call: () => unknown): Promise<unknown> => {
    if (state.dead) return gone();
    const dies = state.left > 0 && --state.left === 0;
    if (dies) state.dead = true;
    const result = await call();
    return dies ? gone() : result;
  };
  const guard = <T extends Row>(inner: Collection<T>): Collection<T> =>
    new Proxy(inner, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...given: unknown[]): unknown => {
          const call = (): unknown =>
            (member as (...all: unknown[]) => unknown).apply(target, given);
          if (name === "find" && state.dead) return deadCursor;
          if (!reading.has(name)) return written(call);
          return state.dead ? gone() : call();
        };
      },
    });
  return {
    through: (store) => ({
      ...store,
      collection: <T extends Row>(name: string) =>
        name.startsWith("queue_") ? store.collection<T>(name) : guard(store.collection<T>(name)),
    }),
    arm: (nth) => void (state.left = nth),
    revive: () => void Object.assign(state, { left: 0, dead: false }),
    get isDead() {
      return state.dead;
    },
  };
}
