import type { Document, IndexSpec } from "./collection.js";
import type { IndexField } from "./index-keys.js";
import type { Shape } from "./shape.js";
import type { Match } from "./sqlite-match.js";

/** One index as the embedded store knows it. */
export interface IndexInfo {
  readonly name: string;
  /** The quoted name of its table. */
  readonly table: string;
  readonly spec: IndexSpec;
  readonly fields: readonly IndexField[];
  readonly unique: boolean;
  readonly partial: Document | null;
  readonly covers: Match;
  /** Bit `n`: some document had an array in field `n`. Only ever grows. */
  readonly multikey: number;
}

/** One collection: its table of documents and its indexes, `_id_` first. */
export interface CollectionInfo {
  readonly name: string;
  /** The quoted name of its table. */
  readonly table: string;
  readonly indexes: readonly IndexInfo[];
  /** What its rows look like that are kept in columns; null: documents. */
  readonly shape: Shape | null;
}

/** A collection whose rows are kept in columns. */
export interface ShapedInfo extends CollectionInfo {
  readonly shape: Shape;
}

/** Whether a collection's rows are kept in columns. */
export function isShaped(info: CollectionInfo): info is ShapedInfo {
  return info.shape !== null;
}
