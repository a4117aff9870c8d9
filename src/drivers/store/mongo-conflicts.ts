import { setTimeout as pause } from "node:timers/promises";

/** The server gave a statement up in favour of another one and wrote nothing (MongoDB's `WriteConflict`). */
const writeConflict = 112;

/** Tries of one statement; whoever loses that often is answered that the store is unavailable. */
const mostTries = 6;

/** The first pause; each one after it is twice as long, and half of each is chance. */
const firstPauseMs = 10;

/** What writes one record, or does not write: a repeat after a conflict is the only one that counts. */
const repeatable: ReadonlySet<string | symbol> = new Set([
  ...["insertOne", "updateOne", "findOneAndUpdate", "deleteOne", "deleteMany"],
]);

/** Whether a method of a collection may be called again after a conflict. */
export function isRepeatable(method: string | symbol): boolean {
  return repeatable.has(method);
}

/**
 * Does a statement again that lost against others at the same record or the same unique value. MongoDB
 * does so itself outside transactions; servers built on PostgreSQL give one of two up and say so, which
 * would reach a person as an error although nobody did anything wrong.
 */
export async function pastConflicts<R>(statement: () => Promise<R>): Promise<R> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await statement();
    } catch (error) {
      if ((error as { code?: unknown }).code !== writeConflict || tries === mostTries) throw error;
      await pause(firstPauseMs * 2 ** tries * (0.5 + Math.random() / 2));
    }
  }
}
