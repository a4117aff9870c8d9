import { isShaped, type CollectionInfo, type IndexInfo } from "./catalog.js";
import type { Ensuring, IndexChanges, IndexSpec } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { indexName, sameIndex } from "./index-specs.js";
import { checkShape, hasAllOf, sameShape, type Shape } from "./shape.js";
import { collectionFor, insertDocs } from "./sqlite-change.js";
import { EVERYTHING, rows, type Reader } from "./sqlite-find.js";
import { addKey, keysOf } from "./sqlite-rows.js";

/** What a collection is to be like. Without a shape: as it is, or of documents. */
export interface Declared extends Ensuring {
  readonly indexes: readonly IndexSpec[];
}

/** Makes a collection's indexes those declared, and no others unless told. Inside a transaction only. */
export function applyIndexes(
  reader: Reader,
  name: string,
  { indexes: declared, shape, onlyAdd = false }: Declared,
): IndexChanges {
  if (shape !== undefined) reshape(reader, name, { shape, onlyAdd });
  const info = collectionFor(reader, name);
  if (isShaped(info)) checkShape(info.shape, declared);
  const wanted = new Map(declared.map((spec) => [indexName(spec), spec]));
  wanted.delete("_id_");
  const dropped: string[] = [];
  for (const index of info.indexes) {
    const spec = wanted.get(index.name);
    if (index.name === "_id_") continue;
    if (spec && (onlyAdd || sameIndex(spec, index.spec))) wanted.delete(index.name);
    else if (!onlyAdd) {
      reader.catalog.dropIndex(name, index);
      dropped.push(index.name);
    }
  }
  for (const spec of wanted.values()) fill(reader, info, reader.catalog.addIndex(name, spec));
  return { created: [...wanted.keys()], dropped };
}

/** Makes a collection one of that shape; the rows that it has are moved. */
function reshape(
  reader: Reader,
  name: string,
  { shape, onlyAdd }: { readonly shape: Shape; readonly onlyAdd: boolean },
): void {
  const info = reader.catalog.get(name);
  const isGood = onlyAdd ? hasAllOf : sameShape;
  if (info !== null && isShaped(info) && isGood(info.shape, shape)) return;
  const kept = info === null ? [] : [...rows(reader, info, { ...EVERYTHING, filter: {} })];
  reader.catalog.drop(name);
  reader.catalog.create(name, shape);
  const docs = kept.map(({ doc }) => doc);
  const { error } = insertDocs(reader, name, docs, false);
  if (error) throw error;
}

function fill(reader: Reader, info: CollectionInfo, index: IndexInfo): void {
  // SQLite itself fills and keeps the indexes of columns.
  if (isShaped(info)) return;
  let multikey = 0;
  for (const row of rows(reader, info, { ...EVERYTHING, filter: {} })) {
    const entries = keysOf(index, row);
    multikey |= entries.multikey;
    for (const key of entries.keys) {
      if (index.unique && reader.db.first(`SELECT 1 FROM ${index.table} WHERE k = ?`, [key])) {
        throw duplicateKey(info.name, index.name, { ...index.spec.keys }, {});
      }
      addKey(reader.db, index, key, row.rid);
    }
  }
  if (multikey !== 0) reader.catalog.addMultikey(info.name, index, multikey);
}
