import { LRUCache } from "lru-cache";
import { Postpone } from "../../kit/index.js";

/** Requests under way at once to one host; to one that answers slowly. */
const perHost = 4;
const perSlowHost = 1;
const longestWaitMs = 10 * 60_000;

/** How many requests of jobs run to which host, in this process. */
export interface Gate {
  /**
   * Do `work` when there is a place at `host`. At a host that is quick one waits for a place; at a
   * slow one nobody does, so that slow hosts never hold all workers.
   * @throws Postpone until there may be a place
   */
  through<T>(host: string, work: () => Promise<T>): Promise<T>;
}

interface HostState {
  /** When those under way began. */
  readonly running: Set<{ readonly at: number }>;
  readonly waiting: Set<() => void>;
  /** How long the last answer took. */
  tookMs: number;
  /** Up to when places are promised to those who were sent away. */
  promisedTo: number;
}

/** How a gate tells slow hosts from quick ones. */
interface GateOptions {
  /** A host that takes longer to answer is slow; and nobody waits longer for a place at its gate. */
  readonly slowMs: number;
  /** Requests under way at once to all hosts that answer slowly. */
  readonly slowTogether?: number;
  /** The time, in milliseconds, that passes by itself. */
  readonly now?: () => number;
}

/** Open the gate. */
export function createGate(options: GateOptions): Gate {
  const { slowMs, slowTogether = 8, now = () => performance.now() } = options;
  const hosts = new LRUCache<string, HostState>({ max: 20_000 });
  let slowRunning = 0;

  function stateOf(host: string): HostState {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const made = { running: new Set<never>(), waiting: new Set<never>(), tookMs: 0, promisedTo: 0 };
    hosts.set(host, made);
    return made;
  }

  function isSlow({ running, tookMs }: HostState): boolean {
    const [oldest] = running;
    return tookMs > slowMs || (oldest !== undefined && now() - oldest.at > slowMs);
  }

  function hasPlace(state: HostState): boolean {
    if (!isSlow(state)) return state.running.size < perHost;
    return state.running.size < perSlowHost && slowRunning < slowTogether;
  }

  /** Wait for one under way to end, up to `until`. */
  async function awaitEnd(host: string, state: HostState, until: number): Promise<void> {
    const left = until - now();
    if (isSlow(state) || left <= 0) throw new Postpone(`${host} is busy`, promise(state));
    await turn(state, left);
  }

  /** When a place may be free, shared out so that not all come back at once. */
  function promise(state: HostState): number {
    const took = Math.max(state.tookMs, slowMs);
    const places = isSlow(state) ? perSlowHost : perHost;
    const at = Math.max(state.promisedTo, now()) + took / places;
    state.promisedTo = Math.min(at, now() + longestWaitMs);
    return Math.round(state.promisedTo - now());
  }

  return {
    async through(host, work) {
      const state = stateOf(host);
      const until = now() + slowMs;
      while (!hasPlace(state)) await awaitEnd(host, state, until);
      const begun = { at: now() };
      const countsAsSlow = isSlow(state);
      state.running.add(begun);
      if (countsAsSlow) slowRunning += 1;
      try {
        return await work();
      } finally {
        state.running.delete(begun);
        if (countsAsSlow) slowRunning -= 1;
        state.tookMs = now() - begun.at;
        for (const wake of [...state.waiting]) wake();
      }
    },
  };
}

/** Resolves when one under way ends, or after `ms`. */
function turn({ waiting }: HostState, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    waiting.add(wake);
  });
}
