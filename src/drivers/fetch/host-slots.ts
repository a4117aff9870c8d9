import { FetchRefused } from "./refused.js";

/** Places for requests, counted per host. */
export interface HostSlots {
  /**
   * Wait for a place at `host`; call what it returns to give the place back. Rejects with
   * FetchRefused `host-busy` when too many wait already or the wait is too long, `aborted` when
   * `signal` fires.
   */
  take(host: string, signal: AbortSignal): Promise<() => void>;
  /** A place that is free at `host` now; null when there is none. */
  takeFree(host: string): (() => void) | null;
}

interface Waiter {
  start(): void;
}

interface HostState {
  active: number;
  readonly waiting: Set<Waiter>;
}

/** The sizes of `HostSlots`. */
export interface HostSlotLimits {
  readonly perHost: number;
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** A semaphore per host; a host that has nothing under way takes no memory. */
export function createHostSlots(limits: HostSlotLimits): HostSlots {
  const hosts = new Map<string, HostState>();

  function releaser(host: string, state: HostState): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const [next] = state.waiting;
      if (next) {
        state.waiting.delete(next);
        next.start();
        return;
      }
      state.active -= 1;
      if (state.active === 0) hosts.delete(host);
    };
  }

  function wait(host: string, state: HostState, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
      };
      const waiter: Waiter = {
        start() {
          settle();
          resolve(releaser(host, state));
        },
      };
      const leave = (code: "host-busy" | "aborted") => {
        settle();
        state.waiting.delete(waiter);
        reject(new FetchRefused(code));
      };
      const giveUp = () => leave("aborted");
      const timer = setTimeout(() => leave("host-busy"), limits.waitMs);
      signal.addEventListener("abort", giveUp, { once: true });
      state.waiting.add(waiter);
    });
  }

  function stateOf(host: string): HostState {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const made = { active: 0, waiting: new Set<Waiter>() };
    hosts.set(host, made);
    return made;
  }

  function takeFree(host: string): (() => void) | null {
    const state = stateOf(host);
    if (state.active >= limits.perHost) return null;
    state.active += 1;
    return releaser(host, state);
  }

  return {
    takeFree,
    async take(host, signal) {
      if (signal.aborted) throw new FetchRefused("aborted");
      const free = takeFree(host);
      if (free !== null) return free;
      const state = stateOf(host);
      if (state.waiting.size >= limits.maxWaiting) throw new FetchRefused("host-busy");
      return wait(host, state, signal);
    },
  };
}
