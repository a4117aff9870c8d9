import type { Document } from "./collection.js";
import { hasOperators, refuse } from "./operators.js";
import { checkField, columnOf, fits, type Column, type Shape } from "./shape.js";
import type { SqlValue } from "./sqlite-connection.js";
import type { Sort } from "./sqlite-plan.js";
import type { Value } from "./values.js";

/** A piece of SQL with what is put in the place of its question marks. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

const NEVER: Sql = { text: "0", values: [] };
const ALWAYS: Sql = { text: "1", values: [] };

/** The condition that a checked filter is; the types of both sides are the same, as in MongoDB. */
export function conditionOf(shape: Shape, filter: Document): Sql {
  const parts = Object.entries(filter).map(([key, value]) => {
    if (key === "$and" || key === "$or") {
      const branches = (value as Document[]).map((branch) => conditionOf(shape, branch));
      return joined(branches, key === "$and" ? "AND" : "OR");
    }
    return fieldCondition(shape, key, value);
  });
  return joined(parts, "AND");
}

/** `ORDER BY …`, or nothing. */
export function orderOf(shape: Shape, sort: Sort): string {
  const terms = Object.entries(sort).map(([path, direction]) => {
    columnOf(shape, path);
    return `${quotedColumn(path)} ${direction === 1 ? "ASC" : "DESC"}`;
  });
  return terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
}

/** A column's name as SQL has it. */
export function quotedColumn(name: string): string {
  return `"${name}"`;
}

/** What a checked update puts into columns. */
export interface Assignments extends Sql {
  /** Whether a row is as it would be after it; null when no row can be. */
  readonly same: Sql | null;
}

/** The assignments of a checked update; `$set`, `$inc` and `$unset` are all there is. */
export function assignmentsOf(shape: Shape, update: Document): Assignments {
  const set: Sql[] = [];
  const same: Sql[] = [];
  let grows = false;
  for (const [operator, changes] of Object.entries(update)) {
    for (const [path, operand] of Object.entries(changes as Document)) {
      const column = Object.hasOwn(shape, path) ? shape[path] : undefined;
      if (column === undefined) refuse(`a change of "${path}" in rows that have a shape`);
      const name = quotedColumn(path);
      if (operator === "$inc") {
        if (column.type !== "number") refuse(`$inc of "${path}"`);
        set.push({ text: `${name} = coalesce(${name}, 0) + ?`, values: [operand as number] });
        // Nothing changes where zero is added to a number, but a missing one becomes zero.
        if (operand === 0) same.push({ text: `${name} IS NOT NULL`, values: [] });
        else grows = true;
        continue;
      }
      if (operator !== "$set" && operator !== "$unset") refuse(`${operator} of "${path}"`);
      const value = operator === "$unset" ? undefined : (operand as Value);
      checkField(path, column, value);
      set.push({ text: `${name} = ?`, values: [toSql(column, value)] });
      same.push({ text: `${name} IS ?`, values: [toSql(column, value)] });
    }
  }
  const text = set.map((one) => one.text).join(", ");
  const values = set.flatMap((one) => one.values);
  return { text, values, same: grows ? null : joined(same, "AND") };
}

/** A field's value as its column holds it. */
export function toSql({ type }: Column, value: Value): SqlValue {
  if (value === undefined || value === null) return null;
  return type === "json" ? JSON.stringify(value) : (value as string | number);
}

function joined(parts: readonly Sql[], by: "AND" | "OR"): Sql {
  if (parts.length === 0) return ALWAYS;
  if (parts.length === 1) return parts[0] as Sql;
  return {
    text: parts.map(({ text }) => `(${text})`).join(` ${by} `),
    values: parts.flatMap(({ values }) => values),
  };
}

function fieldCondition(shape: Shape, path: string, condition: Value): Sql {
  const column = columnOf(shape, path);
  const operators = hasOperators(condition) ? condition : { $eq: condition };
  const parts = Object.entries(operators).map(([operator, operand]) =>
    comparison(column, quotedColumn(path), operator, operand as Value),
  );
  return joined(parts, "AND");
}

const COMPARED: ReadonlyMap<string, string> = new Map([
  ["$eq", "="],
  ["$lt", "<"],
  ["$lte", "<="],
  ["$gt", ">"],
  ["$gte", ">="],
]);

function comparison(column: Column, name: string, operator: string, operand: Value): Sql {
  if (operator === "$in") return among(column, name, operand as readonly Value[]);
  if (operator === "$exists") return existence(column, name, operand === true);
  const sign = COMPARED.get(operator);
  if (sign === undefined) refuse(`${operator} on ${name} of rows that have a shape`);
  if (operand === null && operator === "$eq") return { text: `${name} IS NULL`, values: [] };
  if (operand === null) refuse(`${operator} null on ${name} of rows that have a shape`);
  if (!fits(column, operand)) return NEVER;
  return { text: `${name} ${sign} ?`, values: [operand as string | number] };
}

function existence({ or }: Column, name: string, wanted: boolean): Sql {
  if (or !== "absent") return wanted ? ALWAYS : NEVER;
  return { text: `${name} IS ${wanted ? "NOT " : ""}NULL`, values: [] };
}

/**
 * One of a list. There are as many places as the next power of two, the last value in those that are
 * left over, so that lists of all lengths share a few prepared statements.
 */
function among(column: Column, name: string, list: readonly Value[]): Sql {
  const values = list.filter((value) => fits(column, value)) as Array<string | number>;
  const nothing = list.includes(null) ? { text: `${name} IS NULL`, values: [] } : NEVER;
  const last = values.at(-1);
  if (last === undefined) return nothing;
  const places = 2 ** Math.ceil(Math.log2(values.length));
  const padded = [...values, ...Array<string | number>(places - values.length).fill(last)];
  const marks = Array<string>(places).fill("?").join(",");
  const found = { text: `${name} IN (${marks})`, values: padded };
  return nothing === NEVER ? found : joined([found, nothing], "OR");
}
