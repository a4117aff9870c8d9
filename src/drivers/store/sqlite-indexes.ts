import type { CollectionInfo, IndexInfo } from "./catalog.js";
import type { IndexChanges, IndexSpec } from "./collection.js";
import { duplicateKey } from "./errors.js";
import { indexName, sameIndex } from "./index-specs.js";
import { collectionFor } from "./sqlite-change.js";
import { EVERYTHING, rows, type Reader } from "./sqlite-find.js";
import { addKey, keysOf } from "./sqlite-rows.js";

/** Makes a collection's indexes those declared, and no others. Inside a transaction only. */
export function applyIndexes(
  reader: Reader,
  name: string,
  declared: readonly IndexSpec[],
): IndexChanges {
  const info = collectionFor(reader, name);
  const wanted = new Map(declared.map((spec) => [indexName(spec), spec]));
  wanted.delete("_id_");
  const dropped: string[] = [];
  for (const index of info.indexes) {
    const spec = wanted.get(index.name);
    if (index.name === "_id_") continue;
    if (spec && sameIndex(spec, index.spec)) wanted.delete(index.name);
    else {
      reader.catalog.dropIndex(name, index);
      dropped.push(index.name);
    }
  }
  for (const spec of wanted.values()) fill(reader, info, reader.catalog.addIndex(name, spec));
  return { created: [...wanted.keys()], dropped };
}

function fill(reader: Reader, info: CollectionInfo, index: IndexInfo): void {
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
