import type { Redis } from "ioredis";
import { isOfReplica } from "./bullmq-failover.js";

/** A Redis, and where its queues are. */
interface Place {
  readonly redis: Redis;
  readonly prefix: string;
}

/**
 * Tries whether Redis takes writes, which a PING does not tell. To push to a list only if there is one
 * changes nothing where there is none, costs no disk, and is refused whenever a job would be (Redis, LPUSHX).
 * @throws Error with a plain reason
 */
export async function checkWriting({ redis, prefix }: Place): Promise<void> {
  try {
    await redis.lpushx(`${prefix}:check`, "");
  } catch (error) {
    if (!(error instanceof Error) || !isOfReplica(error)) throw error;
    throw new Error("Redis is a replica, and takes no jobs", { cause: error });
  }
}
