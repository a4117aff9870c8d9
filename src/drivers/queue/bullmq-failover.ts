import type { RedisOptions } from "ioredis";

const leaveMs = 500;
const mostWaitMs = 2_000;

interface Leaving {
  /** Whether a command that a replica refused is sent again to whoever answers next. */
  readonly isSentAgain: boolean;
  readonly refused: (error: Error) => void;
}

/**
 * Whom a connection comes back to. A primary that is made a replica keeps its clients and refuses what they
 * write, while the new primary waits for them at the same address: whoever hears that connects anew, again and
 * again until somebody writes. The command was not begun, so that it is sent again where it may wait.
 */
export function leavingReplicas({
  isSentAgain,
  refused,
}: Leaving): Pick<RedisOptions, "reconnectOnError" | "retryStrategy"> {
  let isLeaving = false;
  return {
    reconnectOnError(error) {
      if (!isOfReplica(error)) return false;
      isLeaving = true;
      refused(error);
      return isSentAgain ? 2 : 1;
    },
    retryStrategy(times) {
      const waitMs = isLeaving ? leaveMs : Math.min(mostWaitMs, times * 100);
      isLeaving = false;
      return waitMs;
    },
  };
}

/** Whether a replica refused to write; scripts of Redis 6 put their own words around it. */
export function isOfReplica({ message }: Error): boolean {
  return /(^|-)READONLY\b/.test(message);
}
