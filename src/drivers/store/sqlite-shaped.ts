import type { ShapedInfo } from "./catalog.js";
import type { Document } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { refuse } from "./operators.js";
import {
  assignmentsOf,
  conditionOf,
  orderOf,
  quotedColumn,
  toSql,
  type Sql,
} from "./shaped-sql.js";
import { checkRow, type Column, type Shape } from "./shape.js";
import type { Change, Changed } from "./sqlite-change.js";
import type { SqlValue } from "./sqlite-connection.js";
import type { Query } from "./sqlite-find.js";
import type { Tables } from "./sqlite-rows.js";

/** The rows of a collection that has a shape, in the order of a checked query. */
export function shapedRows({ db }: Tables, info: ShapedInfo, query: Query): Document[] {
  const { filter, sort, skip, limit } = query;
  const { text, values } = conditionOf(info.shape, filter);
  const order = orderOf(info.shape, sort);
  const sql = `SELECT ${columnsOf(info.shape)} FROM ${info.table} WHERE ${text}${order} LIMIT ? OFFSET ?`;
  const found = db.all(sql, [...values, limit > 0 ? limit : -1, skip]);
  const read = reading(info.shape);
  return found.map(read);
}

/** How many rows match, counted up to `most` (0: all of them). */
export function shapedCount(
  { db }: Tables,
  info: ShapedInfo,
  { filter, most }: { readonly filter: Document; readonly most: number },
): number {
  const { text, values } = conditionOf(info.shape, filter);
  const inner = `SELECT 1 FROM ${info.table} WHERE ${text} LIMIT ?`;
  return db.first(`SELECT count(*) FROM (${inner})`, [
    ...values,
    most > 0 ? most : -1,
  ])?.[0] as number;
}

/** Rows that are inserted by one statement. */
const TOGETHER = 25;

/**
 * Inserts rows, those whose `_id` is taken excepted. Inside a transaction only, as all that follows.
 * @returns the places of those that were refused
 */
export function insertShaped(
  { db, answers }: Tables,
  { name, table, shape }: ShapedInfo,
  rows: readonly Document[],
): readonly number[] {
  for (const row of rows) checkRow(shape, row);
  const fields = fieldsOf(shape);
  const marks = `(${fields.map(() => "?").join(",")})`;
  const inserted = new Set<string>();
  for (let from = 0; from < rows.length; from += TOGETHER) {
    const some = rows.slice(from, from + TOGETHER);
    const places = some.map(() => marks).join(",");
    const sql = `INSERT INTO ${table} (${columnsOf(shape)}) VALUES ${places}
      ON CONFLICT DO NOTHING RETURNING "_id"`;
    const values = some.flatMap((row) =>
      fields.map(([field, column]) => toSql(column, row[field])),
    );
    for (const [id] of db.changed(sql, values)) inserted.add(id as string);
  }
  if (inserted.size > 0) answers.forget(name);
  // Of two rows of one `_id`, the first was inserted.
  return rows.flatMap(({ _id }, place) => (inserted.delete(_id as string) ? [] : [place]));
}

/** The error of a row whose `_id` is taken. */
export function shapedDuplicate({ name }: ShapedInfo, { _id }: Document): Error {
  return duplicateKey(name, "_id_", { _id: 1 }, { _id });
}

/** Applies an update to all that match, or to the first of them in `sort` order. */
export function changeShaped(tables: Tables, info: ShapedInfo, change: Change): Changed {
  if (change.upsert) refuse("an upsert of rows that have a shape");
  const wanted = assignmentsOf(info.shape, change.update);
  if (change.many) {
    const counted = assign(tables, info, wanted, conditionOf(info.shape, change.filter));
    return { ...counted, before: null, after: null, upsertedId: null };
  }
  const [before = null] = firstRow(tables, info, change.filter, change.sort);
  if (before === null) return { matched: 0, modified: 0, before, after: null, upsertedId: null };
  const it = conditionOf(info.shape, { _id: before["_id"] });
  const counted = assign(tables, info, wanted, it);
  const [after = null] = firstRow(tables, info, { _id: before["_id"] }, {});
  return { ...counted, before, after, upsertedId: null };
}

function firstRow(tables: Tables, info: ShapedInfo, filter: Document, sort: Change["sort"]) {
  return shapedRows(tables, info, { filter, sort, skip: 0, limit: 1, projection: undefined });
}

function assign(
  { db, answers }: Tables,
  { name, table }: ShapedInfo,
  { text, values, same }: ReturnType<typeof assignmentsOf>,
  where: Sql,
): Pick<Changed, "matched" | "modified"> {
  const left = same === null ? 0 : countSame(db, table, [where, same]);
  const differs = same === null ? "" : ` AND NOT (${same.text})`;
  const changes = db.run(`UPDATE ${table} SET ${text} WHERE (${where.text})${differs}`, [
    ...values,
    ...where.values,
    ...(same?.values ?? []),
  ]);
  if (changes > 0) answers.forget(name);
  return { matched: changes + left, modified: changes };
}

function countSame(db: Tables["db"], table: string, conditions: readonly Sql[]): number {
  const where = conditions.map(({ text }) => `(${text})`).join(" AND ");
  const values = conditions.flatMap((condition) => condition.values);
  return db.first(`SELECT count(*) FROM ${table} WHERE ${where}`, values)?.[0] as number;
}

/** Deletes all that match, or one of them; returns how many. */
export function deleteShaped(
  tables: Tables,
  info: ShapedInfo,
  { filter, many }: { readonly filter: Document; readonly many: boolean },
): number {
  const { text, values } = conditionOf(info.shape, filter);
  const one = `"_id" = (SELECT "_id" FROM ${info.table} WHERE ${text} LIMIT 1)`;
  const sql = `DELETE FROM ${info.table} WHERE ${many ? text : one}`;
  const deleted = tables.db.run(sql, values);
  if (deleted > 0) tables.answers.forget(info.name);
  return deleted;
}

const ID: readonly [string, Column] = ["_id", { type: "text" }];

function fieldsOf(shape: Shape): ReadonlyArray<readonly [string, Column]> {
  return [ID, ...Object.entries(shape)];
}

function columnsOf(shape: Shape): string {
  return fieldsOf(shape)
    .map(([name]) => quotedColumn(name))
    .join(", ");
}

function reading(shape: Shape): (columns: readonly SqlValue[]) => Document {
  const fields = fieldsOf(shape);
  return (columns) => {
    const row: Document = {};
    fields.forEach(([name, { type, or }], place) => {
      const value = columns[place];
      if (value === null && or === "absent") return;
      row[name] = type === "json" && value !== null ? JSON.parse(value as string) : value;
    });
    return row;
  };
}
