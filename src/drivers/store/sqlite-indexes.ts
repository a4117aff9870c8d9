import { isShaped, type CollectionInfo, type IndexInfo } from "./catalog.js";
import type { Ensuring, IndexChanges, IndexSpec } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { sameIndex, surplusOf, wantedOf } from "./index-specs.js";
import { addsOnly } from "./only-add.js";
import { checkShape, hasAllOf, sameShape, type Shape } from "./shape.js";
import { collectionFor, insertDocs } from "./sqlite-change.js";
import { EVERYTHING, rows, type Reader } from "./sqlite-find.js";
import { addKey, keysOf } from "./sqlite-rows.js";

/** What a collection is to be like. Without a shape: as it is, or of documents. */
export interface Declared extends Pick<Ensuring, "shape"> {
  readonly indexes: readonly IndexSpec[];
  /** Whether a surplus index may be dropped. */
  readonly mayDrop: (index: IndexInfo) => boolean;
  /** Whether the shape may have more columns than are declared. */
  readonly onlyAdd: boolean;
}

/** Sees what would be dropped and asks about it, which cannot be done inside a transaction. */
export async function asked(
  { catalog }: Pick<Reader, "catalog">,
  name: string,
  { indexes, shape, onlyAdd = false }: Ensuring & Pick<Declared, "indexes">,
): Promise<Declared> {
  const declared = { indexes, shape };
  if (typeof onlyAdd === "boolean") return { ...declared, onlyAdd, mayDrop: () => !onlyAdd };
  catalog.refresh();
  const old = new Map<string, IndexSpec>();
  for (const surplus of surplusOf(catalog.get(name)?.indexes ?? [], indexes)) {
    if (!(await addsOnly(onlyAdd))) old.set(surplus.name, surplus.spec);
  }
  const mayDrop: Declared["mayDrop"] = (index) => {
    const seen = old.get(index.name);
    return seen !== undefined && sameIndex(seen, index.spec);
  };
  return { ...declared, onlyAdd: true, mayDrop };
}

/** Makes a collection's indexes those declared, and no others that may go. Inside a transaction only. */
export function applyIndexes(
  reader: Reader,
  name: string,
  { indexes: declared, shape, onlyAdd, mayDrop }: Declared,
): IndexChanges {
  if (shape !== undefined) reshape(reader, name, { shape, onlyAdd });
  const info = collectionFor(reader, name);
  if (isShaped(info)) checkShape(info.shape, declared);
  const wanted = wantedOf(declared);
  const dropped: string[] = [];
  const surplus = surplusOf(info.indexes, declared).filter(mayDrop);
  for (const index of info.indexes) {
    if (!surplus.includes(index)) wanted.delete(index.name);
  }
  for (const index of surplus) {
    reader.catalog.dropIndex(name, index);
    dropped.push(index.name);
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
