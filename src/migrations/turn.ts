import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../drivers/clock.js";
import { isGone, newOwner } from "../drivers/queue/embedded-owner.js";
import type { Row, Store } from "../drivers/store/collection.js";
import { isOnlyDuplicates } from "../drivers/store/errors.js";

/** Whose turn it is to migrate, and how far the migration has come that is under way. */
interface TurnRow extends Row {
  readonly owner: string | null;
  /** Milliseconds: when a silent owner has lost its turn. */
  readonly until: number;
  readonly migration: string | null;
  /** The `_id` of the last row of the last slice that was done; null: none. */
  readonly after: string | null;
}

/** The one turn of a store, held by this process. */
export interface Turn {
  /** Where to go on with a migration that another process may have begun. */
  after(migration: string): Promise<string | null>;
  /** Write down how far a migration has come; false when the turn is lost. */
  keep(migration: string, after: string | null): Promise<boolean>;
  give(): Promise<void>;
}

const theOne = "turn";
/** A slice takes a fraction of it. */
const leaseMs = 30_000;

/** The collection of the one row that says so. */
export const turnName = "migration_turn";

/**
 * Take the turn if it is free: never taken, given back, or its owner's process gone or silent for half
 * a minute. Null when somebody has it.
 */
export async function takeTurn(store: Store, clock: Clock): Promise<Turn | null> {
  const rows = store.collection<TurnRow>(turnName);
  const owner = newOwner();
  const now = (): number => clock.now().getTime();
  const row = await present(store);
  if (row.owner !== null && row.until > now() && !isGone(row.owner)) return null;
  const asRead = { _id: theOne, owner: row.owner, until: row.until };
  const ours = { owner, until: now() + leaseMs };
  if ((await rows.updateOne(asRead, { $set: ours })).matchedCount === 0) return null;
  return {
    async after(migration) {
      const found = await present(store);
      return found.migration === migration ? found.after : null;
    },
    async keep(migration, after) {
      const kept = { migration, after, until: now() + leaseMs };
      return (await rows.updateOne({ _id: theOne, owner }, { $set: kept })).matchedCount === 1;
    },
    async give() {
      // Where the store is gone, the lease ends by itself, or with this process.
      await rows
        .updateOne({ _id: theOne, owner }, { $set: { owner: null } })
        .catch(() => undefined);
    },
  };
}

/** Resolves when it is worth while to ask for the turn again. */
export async function waitForTurn(): Promise<void> {
  await pause(200);
}

async function present(store: Store): Promise<TurnRow> {
  const rows = store.collection<TurnRow>(turnName);
  const found = await rows.findOne({ _id: theOne });
  if (found !== null) return found;
  const first = { _id: theOne, owner: null, until: 0, migration: null, after: null };
  await rows.insertOne(first).catch((error: unknown) => {
    if (!isOnlyDuplicates(error)) throw error;
  });
  return present(store);
}
