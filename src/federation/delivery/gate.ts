import { LRUCache } from "lru-cache";
import { Postpone } from "../../kit/index.js";

/** Requests under way at once to one host; to one that answers slowly; to one that has not answered yet. */
const perHost = 4;
const perSlowHost = 1;
const perStranger = 1;
const longestWaitMs = 10 * 60_000;

/** How many requests of jobs run to which host, in this process. */
export interface Gate {
  /**
   * Do `work` when there is a place at `host`. At a host that is quick one waits for a place; at a
   * slow one nobody does, so that slow hosts never hold all workers. Nor do hosts that have not answered
   * yet, which are as many as somebody has names for: they share some places.
   * @throws Postpone until there may be a place
   */
  through<T>(host: string, work: () => Promise<T>): Promise<T>;
}

/** A request under way. */
interface Running {
  readonly at: number;
  /** Its host was known to be slow. */
  readonly toSlow: boolean;
}

interface HostState {
  /** Those under way, the oldest first. */
  readonly running: Set<Running>;
  readonly waiting: Set<() => void>;
  /** How long the last answer took; null before the first. */
  tookMs: number | null;
  /** Up to when places are promised to those who were sent away. */
  promisedTo: number;
}

/** How a gate tells slow hosts from quick ones. */
interface GateOptions {
  /** A host that takes longer to answer is slow; and nobody waits longer for a place at its gate. */
  readonly slowMs: number;
  /** Requests under way at once to all hosts that answer slowly. */
  readonly slowTogether?: number;
  /** The same to all that have not answered yet; as many as like to when absent. */
  readonly strangersTogether?: number;
  /** The time, in milliseconds, that passes by itself. */
  readonly now?: () => number;
}

/** Open the gate. */
export function createGate(options: GateOptions): Gate {
  const {
    slowMs,
    slowTogether = 8,
    strangersTogether = Infinity,
    now = () => performance.now(),
  } = options;
  const hosts = new LRUCache<string, HostState>({ max: 20_000 });
  const all = new Set<Running>();
  /** All hosts that have not answered yet, as if they were one. */
  const strangers = newState();

  function stateOf(host: string): HostState {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const made = newState();
    hosts.set(host, made);
    return made;
  }

  function isSlow({ running, tookMs }: HostState): boolean {
    const [oldest] = running;
    return (tookMs ?? 0) > slowMs || (oldest !== undefined && now() - oldest.at > slowMs);
  }

  /** Those under way to slow hosts, whether they were known as such or turn out to be. */
  function slowRunning(): number {
    const since = now() - slowMs;
    let count = 0;
    for (const { at, toSlow } of all) if (toSlow || at < since) count += 1;
    return count;
  }

  function hasPlace(state: HostState): boolean {
    const { size } = state.running;
    if (isSlow(state)) return size < perSlowHost && slowRunning() < slowTogether;
    if (state.tookMs !== null) return size < perHost;
    return size < perStranger && strangers.running.size < strangersTogether;
  }

  /** Wait for one under way to end, up to `until`. */
  async function awaitEnd(host: string, state: HostState, until: number): Promise<void> {
    const left = until - now();
    if (state.tookMs === null && state.running.size === 0) {
      throw new Postpone(`${host} is not known yet`, promise(strangers, strangersTogether));
    }
    if (isSlow(state) || left <= 0) throw new Postpone(`${host} is busy`, promise(state));
    await turn(state, left);
  }

  /** When a place may be free, shared out so that not all come back at once. */
  function promise(state: HostState, places = isSlow(state) ? perSlowHost : perHost): number {
    const took = Math.max(state.tookMs ?? 0, slowMs);
    const at = Math.max(state.promisedTo, now()) + took / places;
    state.promisedTo = Math.min(at, now() + longestWaitMs);
    return Math.round(state.promisedTo - now());
  }

  return {
    async through(host, work) {
      const state = stateOf(host);
      const until = now() + slowMs;
      while (!hasPlace(state)) await awaitEnd(host, state, until);
      const begun = { at: now(), toSlow: isSlow(state) };
      const among = [all, state.running, ...(state.tookMs === null ? [strangers.running] : [])];
      for (const running of among) running.add(begun);
      try {
        return await work();
      } finally {
        for (const running of among) running.delete(begun);
        state.tookMs = now() - begun.at;
        for (const wake of [...state.waiting]) wake();
      }
    },
  };
}

function newState(): HostState {
  return { running: new Set(), waiting: new Set(), tookMs: null, promisedTo: 0 };
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
