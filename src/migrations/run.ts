import type { Clock } from "../drivers/clock.js";
import type { Store } from "../drivers/store/collection.js";

/** One change of stored data: numbered, forward only, safe to run twice. */
export interface Migration {
  /** `0001-what-changes`; the order is that of the names. */
  readonly name: string;
  run(store: Store): Promise<void>;
}

interface Done {
  readonly _id: string;
  readonly at: Date;
}

/** Every migration there is, oldest first. */
export const migrations: readonly Migration[] = [];

/**
 * Run what has not run yet, in order, and record each.
 * @returns the names of those that ran now.
 */
export async function migrate(
  store: Store,
  clock: Clock,
  list: readonly Migration[] = migrations,
): Promise<string[]> {
  const done = store.collection<Done>("migrations");
  const ran: string[] = [];
  for (const migration of list) {
    if ((await done.findOne({ _id: migration.name })) !== null) continue;
    await migration.run(store);
    await done.updateOne(
      { _id: migration.name },
      { $setOnInsert: { at: clock.now() } },
      { upsert: true },
    );
    ran.push(migration.name);
  }
  return ran;
}
