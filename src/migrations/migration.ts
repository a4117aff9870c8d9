import type { Document, Store } from "../drivers/store/collection.js";

/** What is written to one row: fields only come or go, nothing is counted up, so that twice is once. */
export interface RowChange {
  readonly $set?: Document;
  readonly $unset?: Readonly<Record<string, "">>;
}

/**
 * One change of stored data, forward only; `README.md` here has the rules. The rows of one collection
 * are walked in slices, in the order of their `_id`, while other processes read and write them.
 */
export interface Migration {
  /** `0001-what-changes`; the order is that of the numbers. */
  readonly name: string;
  readonly collection: string;
  /**
   * The fields that `change` looks at, dotted paths allowed. A row is only changed while they are as
   * they were read; one that somebody else wrote meanwhile is read again. No path leads through an array,
   * where a filter is content with any item: name the array itself.
   */
  readonly reads: readonly string[];
  /**
   * What is to be written to a row, which comes with its `_id` and the fields of `reads` alone; null:
   * nothing. May be asked twice about one row. Rows of another collection may be written in `store`, by
   * upserts that are the same when they are repeated.
   */
  change(row: Document, store: Store): RowChange | null | Promise<RowChange | null>;
}

const NAME = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Check a list of migrations, oldest first.
 * @throws Error when a name is none, the numbers do not rise, or what one reads is no list of fields
 */
export function checkMigrations(list: readonly Migration[]): void {
  let last = "";
  for (const { name, reads } of list) {
    const number = NAME.exec(name)?.[1];
    if (number === undefined) throw new Error(`not the name of a migration: "${name}"`);
    if (number <= last) throw new Error(`the number of the migration ${name} was given before`);
    last = number;
    const wrong = reads.find((path, at) => !isPath(path) || isWithin(path, reads.toSpliced(at, 1)));
    if (wrong !== undefined) throw new Error(`what the migration ${name} reads: not "${wrong}"`);
  }
}

/** A field, or one in it: items of arrays have no names. */
function isPath(path: string): boolean {
  return path.split(".").every((part) => /^(?!\d+$)(?!\$)[^\0]+$/.test(part));
}

/** Fields within each other cannot be asked for together. */
function isWithin(path: string, others: readonly string[]): boolean {
  return others.some((other) => path === other || path.startsWith(`${other}.`));
}

/**
 * The migrations that have not run yet.
 * @param done names that the store has; those of a newer release are among them while it is rolled out
 * @throws Error when one was put before another that has run already
 */
export function missingFrom(
  list: readonly Migration[],
  done: ReadonlySet<string>,
): readonly Migration[] {
  const missing = list.filter(({ name }) => !done.has(name));
  const [first] = missing;
  if (first === undefined) return [];
  const late = list.slice(list.indexOf(first)).find(({ name }) => done.has(name));
  if (late === undefined) return missing;
  throw new Error(`the migration ${first.name} stands before ${late.name}, which has run already`);
}
