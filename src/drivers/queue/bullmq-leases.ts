import type { Redis } from "ioredis";

/** A job under way, and the token of its lease. */
interface Held {
  readonly id: string;
  readonly token: string;
}

/** The leases of the jobs that a process runs, for when Redis is away for longer than they last. */
export interface Leases {
  /** Does the work of a job that the process holds until it ends. */
  whileHeld<R>(held: Held, work: () => Promise<R>): Promise<R>;
  /** Resolves once Redis answers and the process holds again what it runs. */
  areBack(): Promise<void>;
  /**
   * Whether Redis answers, and everybody has had the time for that, so that a job without a lease is one that
   * nobody runs; resolves once it answers.
   */
  areSettled(): Promise<boolean>;
}

/** Takes those that nobody has, of jobs that nobody has given to somebody else meanwhile. */
const takeAnew = `
for at = 2, #ARGV, 2 do
  local lock = KEYS[1] .. ":" .. ARGV[at] .. ":lock"
  if redis.call("EXISTS", lock) == 0 and redis.call("LPOS", KEYS[1] .. ":active", ARGV[at]) then
    redis.call("SET", lock, ARGV[at + 1], "PX", ARGV[1])
    redis.call("SREM", KEYS[1] .. ":stalled", ARGV[at])
  end
end`;

/**
 * Keeps the leases of a queue's jobs over a connection of its worker. BullMQ only renews what has not run out:
 * without this, whatever ran while Redis was away would be given to somebody else once more, done or not.
 */
export function keepLeases(redis: Redis, key: string, leaseMs: number): Leases {
  const running = new Set<Held>();
  let back = Promise.resolve();
  let backAt = -Infinity;
  let isBack: (() => void) | null = null;
  let hearing: Promise<void> | null = null;

  async function take(): Promise<void> {
    backAt = performance.now();
    const tokens = [...running].flatMap(({ id, token }) => [id, token]);
    // What cannot be taken is somebody else's sooner or later, as when this process had died.
    if (tokens.length > 0) {
      await redis.eval(takeAnew, 1, key, leaseMs, ...tokens).catch(() => undefined);
    }
    isBack?.();
    isBack = null;
  }

  /** Whoever asks while an answer is awaited waits for the same. */
  const heard = (): Promise<void> => (hearing ??= hear().finally(() => (hearing = null)));

  async function hear(): Promise<void> {
    const askedAt = performance.now();
    await redis.ping();
    // It stood still: leases may have run out though no connection was closed.
    if (performance.now() - askedAt > leaseMs / 4 && backAt < askedAt) await take();
    await back;
  }

  redis.on("close", () => {
    if (isBack === null) back = new Promise((resolve) => (isBack = resolve));
  });
  redis.on("ready", () => {
    if (isBack !== null) void take();
  });
  return {
    async whileHeld(held, work) {
      running.add(held);
      try {
        return await work();
      } finally {
        running.delete(held);
      }
    },
    areBack: () => heard().catch(() => undefined),
    async areSettled() {
      await heard();
      return performance.now() - backAt > leaseMs;
    },
  };
}
