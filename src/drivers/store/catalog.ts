import type { Document, IndexSpec } from "./collection.js";
import type { IndexField } from "./index-keys.js";
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
}
