import type { CollectionInfo, IndexInfo } from "./catalog.js";
import { quotedColumn } from "./shaped-sql.js";
import type { Shape } from "./shape.js";

/** The declaration of a table whose columns are those of a shape. */
export function tableOf(table: string, shape: Shape): string {
  const kinds = { text: "TEXT", number: "NUMERIC", json: "TEXT" };
  const columns = Object.entries(shape).map(
    ([name, { type, or }]) =>
      `${quotedColumn(name)} ${kinds[type]}${or === undefined ? " NOT NULL" : ""}`,
  );
  return `CREATE TABLE ${table} ("_id" TEXT PRIMARY KEY NOT NULL, ${columns.join(", ")}) WITHOUT ROWID`;
}

/** What makes an index of such a table; none for that of `_id`, which the table is sorted by. */
export function indexOn({ table }: CollectionInfo, { table: name, spec }: IndexInfo): string[] {
  const terms = Object.entries(spec.keys);
  if (spec.unique === true) return [];
  const columns = terms.map(([path, way]) => `${quotedColumn(path)} ${way === 1 ? "ASC" : "DESC"}`);
  return [`CREATE INDEX ${name} ON ${table} (${columns.join(", ")})`];
}
