import type { Clock } from "../drivers/clock.js";
import type { Document, Row, Store } from "../drivers/store/collection.js";
import { checkMigrations, missingFrom, type Migration } from "./migration.js";
import { takeTurn, waitForTurn, type Turn } from "./turn.js";

interface Done extends Row {
  readonly at: Date;
}

/** Every migration there is, oldest first; only ever appended to. */
export const migrations: readonly Migration[] = [];

/** Rows of a slice: read together, then each written by itself. */
const sliceRows = 200;
/** How often one row may be written by others between our look and our change. */
const mostLooks = 20;

/**
 * Run what has not run yet, in order, and record each. Of several processes that start together one
 * does the work and the others wait for it; one that was killed is gone on with after its last slice.
 * @returns the names of those that this process ended.
 * @throws Error on a list that is out of order (`checkMigrations`, `missingFrom`)
 */
export async function migrate(
  store: Store,
  clock: Clock,
  list: readonly Migration[] = migrations,
): Promise<string[]> {
  checkMigrations(list);
  const ran: string[] = [];
  for (;;) {
    if ((await missing(store, list)).length === 0) return ran;
    const turn = await takeTurn(store, clock);
    if (turn === null) {
      await waitForTurn();
      continue;
    }
    try {
      ran.push(...(await runMissing({ store, clock, turn }, list)));
    } finally {
      await turn.give();
    }
  }
}

interface Running {
  readonly store: Store;
  readonly clock: Clock;
  readonly turn: Turn;
}

async function missing(store: Store, list: readonly Migration[]): Promise<readonly Migration[]> {
  if (list.length === 0) return [];
  const names = { _id: { $in: list.map(({ name }) => name) } };
  const done = await store.collection<Done>("migrations").find(names).toArray();
  return missingFrom(list, new Set(done.map(({ _id }) => _id)));
}

/** Looked up again now that nobody else has the turn; ends early when the turn is lost. */
async function runMissing(running: Running, list: readonly Migration[]): Promise<string[]> {
  const { store, clock } = running;
  const ran: string[] = [];
  for (const migration of await missing(store, list)) {
    if (!(await runSlices(running, migration))) return ran;
    const done = store.collection<Done>("migrations");
    const first = { $setOnInsert: { at: clock.now() } };
    const { upsertedCount } = await done.updateOne({ _id: migration.name }, first, {
      upsert: true,
    });
    if (upsertedCount === 1) ran.push(migration.name);
  }
  return ran;
}

/** False when the turn was lost on the way: another process goes on after the last slice. */
async function runSlices({ store, turn }: Running, migration: Migration): Promise<boolean> {
  const { name } = migration;
  const rows = store.collection<Row>(migration.collection);
  const options = { sort: { _id: 1 as const }, limit: sliceRows, projection: seenBy(migration) };
  for (let after = await turn.after(name); ;) {
    const left = after === null ? {} : { _id: { $gt: after } };
    const slice = await rows.find(left, options).toArray();
    for (const row of slice) await changeRow(store, migration, row);
    after = slice.at(-1)?._id ?? after;
    if (!(await turn.keep(name, after))) return false;
    if (slice.length < sliceRows) return true;
  }
}

async function changeRow(store: Store, migration: Migration, first: Document): Promise<void> {
  const { name, collection, change } = migration;
  const rows = store.collection<Row>(collection);
  let row: Document | null = first;
  for (let looks = 1; row !== null; looks += 1) {
    const asRead = readOf(migration, row);
    const update = await change(row, store);
    if (update === null) return;
    const { matchedCount } = await rows.updateOne({ ...asRead, _id: first["_id"] }, update);
    if (matchedCount === 1) return;
    if (looks === mostLooks) throw new Error(`${name}: ${collection} ${first["_id"]} never rests`);
    row = await rows.findOne({ _id: first["_id"] }, { projection: seenBy(migration) });
  }
}

function seenBy({ reads }: Migration): Record<string, 1> {
  return { _id: 1, ...Object.fromEntries(reads.map((path) => [path, 1 as const])) };
}

/**
 * A filter for what a row has at the paths that are read; null, which in a filter also stands for nothing,
 * where it has nothing.
 * @throws Error where one leads through an array: a filter would be content with any of its items
 */
function readOf({ name, collection, reads }: Migration, row: Document): Document {
  const valueAt = (path: string): unknown => {
    let value: unknown = row;
    for (const part of path.split(".")) {
      if (Array.isArray(value)) {
        const where = `${collection} ${String(row["_id"])}`;
        throw new Error(`${name}: ${path} leads through an array in ${where}`);
      }
      value = (value as Document | null | undefined)?.[part];
    }
    return value ?? null;
  };
  return Object.fromEntries(reads.map((path) => [path, valueAt(path)]));
}
