import { refuse } from "./operators.js";
import { isDocument, type Value } from "./values.js";
import type { Document, IndexSpec } from "./collection.js";

/** What a field holds: a text, a finite number, or anything that JSON can say and nobody asks for. */
export interface Column {
  readonly type: "text" | "number" | "json";
  /** What else it may be; nothing when missing. */
  readonly or?: "null" | "absent";
}

/**
 * Every field of a collection's rows but `_id`. It is for rows that are written and removed so often
 * that the store should not have to take each for a document: the embedded store keeps them in columns.
 */
export type Shape = Readonly<Record<string, Column>>;

const NAME = /^[a-z][a-zA-Z]*$/;

/** Refuses a shape, or indexes of it, that the embedded store could not keep in columns. */
export function checkShape(shape: Shape, indexes: readonly IndexSpec[]): void {
  for (const name of Object.keys(shape)) if (!NAME.test(name)) refuse(`a column called "${name}"`);
  for (const { keys, unique, partialFilterExpression, expireAfterSeconds } of indexes) {
    const isPlain = partialFilterExpression === undefined && expireAfterSeconds === undefined;
    if (unique === true || !isPlain) refuse("more than a plain index of rows that have a shape");
    for (const path of Object.keys(keys)) columnOf(shape, path);
  }
}

/** Whether two shapes are one; the order of columns is none of it. */
export function sameShape(a: Shape, b: Shape): boolean {
  return hasAllOf(a, b) && Object.keys(a).length === Object.keys(b).length;
}

/** Whether a shape has all columns of another, and may have more. */
export function hasAllOf(shape: Shape, other: Shape): boolean {
  const lines = (columns: Shape): string[] =>
    Object.entries(columns).map(([name, { type, or = "" }]) => `${name} ${type} ${or}`);
  const known = new Set(lines(shape));
  return lines(other).every((line) => known.has(line));
}

/** The column of a field that is asked for or sorted by. @throws TypeError when it cannot be */
export function columnOf(shape: Shape, path: string): Column {
  if (path === "_id") return { type: "text" };
  const column = Object.hasOwn(shape, path) ? shape[path] : undefined;
  if (column === undefined || column.type === "json") refuse(`"${path}" of rows that have a shape`);
  return column;
}

/** Whether a value can be in a column, as one that is neither null nor absent. */
export function fits({ type }: Column, value: Value): boolean {
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  // SQLite's text ends at a NUL, and half a surrogate pair has no UTF-8.
  if (type === "text") return typeof value === "string" && !/\0|\p{Surrogate}/u.test(value);
  return isDocument(value) || Array.isArray(value);
}

/** Refuses a row that has not the shape. */
export function checkRow(shape: Shape, row: Document): void {
  for (const name of Object.keys(row)) {
    if (name !== "_id" && !Object.hasOwn(shape, name))
      refuse(`"${name}" of rows that have a shape`);
  }
  checkField("_id", { type: "text" }, row["_id"]);
  for (const [name, column] of Object.entries(shape)) checkField(name, column, row[name]);
}

/** Refuses a value that a field cannot have. */
export function checkField(name: string, column: Column, value: Value): void {
  if (value === null ? column.or === "null" : value === undefined && column.or === "absent") return;
  if (!fits(column, value)) refuse(`that value of "${name}" in rows that have a shape`);
}
