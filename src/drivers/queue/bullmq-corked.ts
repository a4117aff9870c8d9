import type { Socket } from "node:net";
import type { Redis } from "ioredis";

/**
 * Sends what one turn of the event loop has for Redis in one piece, however many jobs end in it: a write
 * to a socket costs more than most commands. ioredis has `enableAutoPipelining` for that, which copies
 * each of BullMQ's seventy scripts for every turn.
 */
export function corked(redis: Redis): Redis {
  redis.on("connect", () => corkTurns(redis.stream as Socket));
  return redis;
}

function corkTurns(socket: Socket): void {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...given);
  };
}
