import type { Document } from "./collection.js";
import { updateFailed } from "./errors.js";
import { compareValues, encodeValue } from "./key-encoding.js";
import { matcher } from "./sqlite-match.js";
import { sortKey } from "./sqlite-sort.js";
import { slotOf } from "./update-paths.js";
import { copyOf, isDocument, type Value } from "./values.js";

type Operator = (doc: Document, path: string, operand: Value) => void;

const set: Operator = (doc, path, operand) => {
  if (operand !== undefined) slotOf(doc, path, true)?.set(copyOf(operand));
};

const unset: Operator = (doc, path) => slotOf(doc, path, false)?.unset();

const increase: Operator = (doc, path, operand) => {
  const slot = slotOf(doc, path, true);
  const before = slot?.get();
  if (before !== undefined && typeof before !== "number") {
    throw updateFailed(14, `Cannot apply $inc to a value that is no number: '${path}'`);
  }
  slot?.set((before ?? 0) + (operand as number));
};

function keepIf(better: (order: number) => boolean): Operator {
  return (doc, path, operand) => {
    const slot = slotOf(doc, path, true);
    const before = slot?.get();
    if (before === undefined || better(compareValues(operand, before))) slot?.set(copyOf(operand));
  };
}

interface Added {
  readonly $each: readonly Value[];
  readonly $slice?: number;
  readonly $sort?: 1 | -1 | Readonly<Record<string, 1 | -1>>;
}

function addedBy(operand: Value): Added {
  if (isDocument(operand) && Array.isArray(operand["$each"])) return operand as unknown as Added;
  return { $each: [operand] };
}

function arrayAt(doc: Document, path: string, operator: string): Value[] | null {
  const present = slotOf(doc, path, false)?.get();
  if (present === undefined) return null;
  if (Array.isArray(present)) return [...(present as Value[])];
  throw updateFailed(2, `The field '${path}' must be an array for ${operator}`);
}

const push: Operator = (doc, path, operand) => {
  const added = addedBy(operand);
  const list = [...(arrayAt(doc, path, "$push") ?? []), ...added.$each.map(copyOf)];
  const ordered = added.$sort === undefined ? list : sorted(list, added.$sort);
  slotOf(doc, path, true)?.set(sliced(ordered, added.$slice));
};

function sorted(list: readonly Value[], sort: NonNullable<Added["$sort"]>): Value[] {
  if (typeof sort === "number") return [...list].sort((a, b) => sort * compareValues(a, b));
  const order = sortKey(sort);
  const keyed = list.map((item) => ({ item, key: order.of(isDocument(item) ? item : {}) }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ item }) => item);
}

function sliced(list: Value[], count: number | undefined): Value[] {
  if (count === undefined) return list;
  if (count === 0) return [];
  return count > 0 ? list.slice(0, count) : list.slice(count);
}

const addToSet: Operator = (doc, path, operand) => {
  const list = arrayAt(doc, path, "$addToSet") ?? [];
  const seen = new Set(list.map(fingerprint));
  for (const item of addedBy(operand).$each) {
    const print = fingerprint(item);
    if (!seen.has(print)) list.push(copyOf(item));
    seen.add(print);
  }
  slotOf(doc, path, true)?.set(list);
};

function fingerprint(value: Value): string {
  return encodeValue(value).toString("latin1");
}

const pull: Operator = (doc, path, operand) => {
  const list = arrayAt(doc, path, "$pull");
  if (list === null) return;
  const pulled = pullTest(operand);
  slotOf(doc, path, false)?.set(list.filter((item) => !pulled(item)));
};

function pullTest(operand: Value): (item: Value) => boolean {
  if (isDocument(operand)) {
    const onElement = Object.keys(operand).some((key) => key.startsWith("$"));
    const match = matcher(onElement ? { item: operand } : operand);
    return onElement ? (item) => match({ item }) : (item) => isDocument(item) && match(item);
  }
  const print = fingerprint(operand);
  return (item) => fingerprint(item) === print;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  $set: set,
  $unset: unset,
  $inc: increase,
  $min: keepIf((order) => order < 0),
  $max: keepIf((order) => order > 0),
  $push: push,
  $addToSet: addToSet,
  $pull: pull,
};

/**
 * Changes a document in place as the update says; `$setOnInsert` counts only for a new one. The
 * update must have passed `checkUpdate`. Throws with MongoDB's codes where the present values do
 * not allow it: 14 (`$inc` of what is no number), 2 (no array), 28 (a path through a scalar).
 */
export function applyUpdate(doc: Document, update: Document, inserting: boolean): void {
  for (const [name, changes] of Object.entries(update)) {
    const operator = name === "$setOnInsert" ? (inserting ? set : null) : OPERATORS[name];
    if (!operator) continue;
    for (const [path, operand] of Object.entries(changes as Document)) operator(doc, path, operand);
  }
}

/** What an upsert inserts: the filter's equalities, then the update; `_id` first. */
export function upserted(filter: Document, update: Document): Document {
  const doc: Document = {};
  addEqualities(doc, filter);
  applyUpdate(doc, update, true);
  const { _id, ...rest } = doc;
  return { _id: _id as Value, ...rest };
}

function addEqualities(doc: Document, filter: Document): void {
  for (const [key, condition] of Object.entries(filter) as [string, Value][]) {
    if (key === "$and") for (const branch of condition as Document[]) addEqualities(doc, branch);
    if (key.startsWith("$")) continue;
    const operators =
      isDocument(condition) && Object.keys(condition).some((name) => name.startsWith("$"));
    const value: Value = operators ? condition["$eq"] : condition;
    if (value !== undefined) set(doc, key, value);
  }
}
