import type { Row, Store } from "../../../src/drivers/store/collection.js";

/** A kind of write, such as `inboxEntries.insertOne`; one that ends jobs of a kind names it, too. */
export type Step = string;

/** Where the process dies. */
export interface Death {
  readonly step: Step;
  /** At which write of that kind from now, counted from 1. */
  readonly nth: number;
  /** Before it, or right after it. */
  readonly when: "before" | "after";
}

/** A store whose process kills itself at a write when told to. */
export interface Deadly {
  through(this: void, store: Store): Store;
  arm(death: Death): void;
  /** Forget what was counted. */
  forget(): void;
  /** How many writes there were of each kind. */
  readonly counts: Readonly<Record<Step, number>>;
}

const reading: ReadonlySet<PropertyKey> = new Set(["find", "findOne", "countDocuments"]);

/** Make one. Nothing is caught and nothing closed: `SIGKILL`, as the machine itself would. */
export function aDeadly(): Deadly {
  const counts = new Map<Step, number>();
  const state: { death: Death | null; left: number } = { death: null, left: 0 };
  const dieIf = (isIt: boolean): void => {
    if (isIt) process.kill(process.pid, "SIGKILL");
  };
  const call = async (step: Step, write: () => unknown): Promise<unknown> => {
    counts.set(step, (counts.get(step) ?? 0) + 1);
    if (state.death?.step !== step) return write();
    state.left -= 1;
    const isIt = state.left === 0;
    dieIf(isIt && state.death.when === "before");
    const result = await write();
    dieIf(isIt);
    return result;
  };
  return {
    through: (store) => ({
      ...store,
      collection: <T extends Row>(name: string) =>
        new Proxy(store.collection<T>(name), {
          get(target, method) {
            const member: unknown = Reflect.get(target, method);
            if (typeof member !== "function") return member;
            const bound = member.bind(target) as (...all: unknown[]) => unknown;
            if (reading.has(method)) return bound;
            return (...given: unknown[]) =>
              call(`${name}.${String(method)}`, () => bound(...given));
          },
        }),
    }),
    arm: (death) => void Object.assign(state, { death, left: death.nth }),
    forget: () => counts.clear(),
    get counts() {
      return Object.fromEntries(counts);
    },
  };
}
