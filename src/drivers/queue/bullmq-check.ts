import type { Redis } from "ioredis";
import { isOfReplica } from "./bullmq-failover.js";
import { failureText } from "./failure-text.js";
import { QueueRefuses, type QueueKeeping, type QueueMemory } from "./queue.js";

/** A Redis, and where its queues are. */
interface Place {
  readonly redis: Redis;
  readonly prefix: string;
}

/**
 * Tries whether Redis takes writes, which a PING does not tell. To push to a list only if there is one
 * changes nothing where there is none, costs no disk, and is refused whenever a job would be (Redis, LPUSHX).
 * @throws QueueRefuses when it answers, but takes nothing
 */
export async function checkWriting({ redis, prefix }: Place): Promise<void> {
  try {
    await redis.lpushx(`${prefix}:check`, "");
  } catch (error) {
    throw isAnswer(error) ? refusal(error) : error;
  }
}

/** Whether Redis said no itself, so that it can be asked at once what it has. */
export function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

function refusal(error: Error): QueueRefuses {
  if (isOfReplica(error)) {
    return new QueueRefuses("replica", "Redis is a replica, and takes no jobs");
  }
  if (!error.message.startsWith("OOM ")) {
    return new QueueRefuses("other", `Redis takes no jobs: ${failureText(error)}`);
  }
  return new QueueRefuses("full", "Redis is full, and takes no jobs");
}

/** How much memory Redis uses, and may (Redis, INFO). */
export async function memoryOf(redis: Redis): Promise<QueueMemory> {
  const told = await redis.info("memory");
  const figure = (name: string): number => Number(toldOf(told, name) ?? 0);
  const most = figure("maxmemory");
  return { used: figure("used_memory"), most: most === 0 ? null : most };
}

/** Whether Redis keeps what it has taken (Redis, INFO; CONFIG, which a hosted one may refuse to tell). */
export async function keepingOf(redis: Redis): Promise<QueueKeeping> {
  const [memory, persistence, synced] = await Promise.all([
    redis.info("memory"),
    redis.info("persistence"),
    redis.config("GET", "appendfsync").catch(() => null),
  ]);
  const policy = toldOf(memory, "maxmemory_policy") ?? "noeviction";
  const [, when] = Array.isArray(synced) ? (synced as unknown[]) : [];
  return {
    isOnDisk: toldOf(persistence, "aof_enabled") === "1",
    isSynced: typeof when === "string" ? when === "always" : null,
    evicts: policy === "noeviction" ? null : policy,
  };
}

function toldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(info)?.[1];
}
